import { describe, expect, it } from 'vitest';
import { inputItems, keptItem, parseResponseRequest, responseId, withConversation } from './index.ts';

const id = responseId('0123456789abcdef0123456789abcdef');
const asked = { model: 'm', input: 'x' };
const look = { type: 'function', name: 'look' };

function parse(body: object) {
  return parseResponseRequest(JSON.stringify({ ...asked, ...body }));
}

describe('what is refused, by its name', () => {
  it.each([
    [{ model: '' }, 'model', /model is required/],
    [{ input: null }, 'input', /input is required/],
    [{ input: [] }, 'input', /input is required/],
    [{ input: 3 }, 'input', /must be an array, got number/],
    [{ input: [{ role: 'robot', content: '' }] }, 'input[0].role', /one of user, assistant, system, developer/],
    [{ input: [{ role: 'user' }] }, 'input[0].content', /is required/],
    [{ input: [{ role: 'user', content: [{ type: 'input_file' }] }] }, 'input[0].content[0].type', /"input_file"/],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'f' }] }] },
      'input[0].content[0].file_id',
      /uploaded files/,
    ],
    [
      { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'ftp://x' }] }] },
      'input[0].content[0].image_url',
      /invalid image input/,
    ],
    [{ input: [{ type: 'web_search_call' }] }, 'input[0].type', /"web_search_call"/],
    [{ input: [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '[]' }] }, 'input[0].arguments', /object/],
    [{ input: [{ type: 'function_call_output', output: '' }] }, 'input[0].call_id', /required/],
    [{ input: [{ type: 'item_reference' }] }, 'input[0].id', /required/],
    [{ input: [{ type: 'reasoning', encrypted_content: 'gAAAA' }] }, 'input[0].encrypted_content', /not made by this/],
    [{ tools: [{ type: 'web_search' }] }, 'tools[0].type', /"web_search"/],
    [{ tool_choice: 'required' }, 'tool_choice', /there are no tools/],
    [{ tool_choice: 'sometimes', tools: [look] }, 'tool_choice', /"sometimes"/],
    [{ tool_choice: { type: 'function', name: 'hear' }, tools: [look] }, 'tool_choice.name', /no tool "hear"/],
    [{ tool_choice: { type: 'mcp' }, tools: [look] }, 'tool_choice.type', /"mcp"/],
    [{ text: { verbosity: 'low' } }, 'text.verbosity', /"low"/],
    [{ text: { format: { type: 'grammar' } } }, 'text.format.type', /"grammar"/],
    [{ text: { format: { type: 'json_schema', name: 'n' } } }, 'text.format.schema', /required/],
    [{ reasoning: { effort: 'huge' } }, 'reasoning.effort', /"huge"/],
    [{ reasoning: { summary: 'long' } }, 'reasoning.summary', /"long"/],
    [{ reasoning: { context: 'all_turns' } }, 'reasoning.context', /Unknown parameter/],
    [{ include: ['everything'] }, 'include[0]', /"everything"/],
    [{ max_output_tokens: 0 }, 'max_output_tokens', /greater than 0/],
    [{ top_logprobs: 21 }, 'top_logprobs', /between 0 and 20/],
    [{ truncation: 'middle' }, 'truncation', /"middle"/],
    [{ metadata: { a: 1 } }, 'metadata.a', /must be a string/],
    [{ service_tier: 'gold' }, 'service_tier', /"gold"/],
    [{ background: true }, 'background', /not made in the background/],
    [{ conversation: 'conv_1' }, 'conversation', /previous_response_id/],
    [{ prompt: { id: 'p' } }, 'prompt', /instructions/],
    [{ messages: [] }, 'messages', /Unknown parameter: 'messages'/],
  ])('%j', (body, param, message) => {
    expect(() => parse(body)).toThrow(
      expect.objectContaining({ reason: 'invalid_request', param, message: expect.stringMatching(message) as string }),
    );
  });

  it('takes null for nothing, whatever the field', () => {
    const nothing = { background: null, conversation: null, tools: null, text: null, nonsense: null, store: null };
    expect(parse(nothing)).toMatchObject({ store: undefined, stream: false, instructions: '' });
  });
});

describe('a conversation', () => {
  const items = [
    { role: 'user', content: 'a' },
    { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'hm' }] },
    { type: 'function_call', call_id: 'c', name: 'look', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c', output: 'cat' },
    { role: 'assistant', content: 'A cat.' },
  ];

  it('is the same when it comes from what was kept', () => {
    const request = parse({ input: items });
    const fresh = inputItems(request.input, id, new Map());
    const kept = fresh.map(({ text }) => keptItem(text));
    const callOf = (from: typeof fresh) =>
      withConversation(
        request,
        from.map(({ item }) => item),
      );
    expect(callOf(kept)).toEqual(callOf(fresh));
    expect(kept.map(({ text }) => text)).toEqual(fresh.map(({ text }) => text));
  });

  it('has instructions first, and only those of the request', () => {
    const request = parse({ instructions: 'New.', previous_response_id: id, input: [] });
    const before = keptItem('{"id":"msg_1","type":"message","role":"user","content":"old"}');
    const { kind } = withConversation(request, [before.item]);
    const messages = kind.case === 'chat' ? kind.value.messages : [];
    expect(messages.map(({ role, parts }) => [role, parts[0]?.kind.value])).toEqual([
      ['system', 'New.'],
      ['user', 'old'],
    ]);
  });

  it('takes an item by its id from those that are there', () => {
    const request = parse({ input: [{ type: 'item_reference', id: 'msg_7' }] });
    const text = '{"id":"msg_7","type":"message","role":"user","content":"kept"}';
    expect(inputItems(request.input, id, new Map([['msg_7', text]]))).toMatchObject([{ text }]);
    expect(() => inputItems(request.input, id, new Map())).toThrow(
      expect.objectContaining({ param: 'input[0].id', message: "Item with id 'msg_7' not found." }),
    );
  });
});

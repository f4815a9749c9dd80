import { describe, expect, it } from 'vitest';
import { expectWrongType, faultIn, mustBe, withValue } from '../bad-input.fixture.ts';
import { mediaUrls } from '../media/index.ts';
import { parseCountTokens, parseMessages } from './index.ts';

const { string, boolean, number, array, object, content } = mustBe;

/** A field, a wrong value, and what is said about it. */
const wrongTypes = [
  ['model', 7, string],
  ['max_tokens', '10', number],
  ['stream', 1, boolean],
  ['system', 1, content],
  ['system[0]', 'hi', object],
  ['system[0].type', 1, string],
  ['system[0].text', 1, string],
  ['messages', {}, array],
  ['messages[0]', 'hi', object],
  ['messages[0].role', 1, string],
  ['messages[0].content', 1, content],
  ['messages[0].content[0]', 'hi', object],
  ['messages[0].content[0].type', 1, string],
  ['messages[0].content[0].text', 1, string],
  ['messages[0].content[1].source', 'x', object],
  ['messages[0].content[1].source.type', 1, string],
  ['messages[0].content[1].source.media_type', 1, string],
  ['messages[0].content[1].source.data', 1, string],
  ['messages[1].content', 1, content],
  ['messages[1].content[0].thinking', 1, string],
  ['messages[1].content[0].signature', 1, string],
  ['messages[1].content[1].id', 1, string],
  ['messages[1].content[1].name', 1, string],
  ['messages[1].content[1].input', 'x', object],
  ['messages[2].content[0].tool_use_id', 1, string],
  ['messages[2].content[0].content', 1, content],
  ['messages[2].content[0].is_error', 1, boolean],
  ['tools', {}, array],
  ['tools[0]', 1, object],
  ['tools[0].name', 1, string],
  ['tools[0].description', 1, string],
  ['tools[0].input_schema', 'x', object],
  ['tools[0].type', 1, string],
  ['tool_choice', 'auto', object],
  ['tool_choice.type', 1, string],
  ['tool_choice.disable_parallel_tool_use', 1, boolean],
  ['thinking', 'on', object],
  ['thinking.type', 1, string],
  ['thinking.budget_tokens', '10', number],
  ['thinking.display', 1, string],
  ['temperature', 'hot', number],
  ['top_p', true, number],
  ['top_k', '40', number],
  ['stop_sequences', 'END', array],
  ['stop_sequences[0]', 1, string],
  ['output_config', 'x', object],
  ['output_config.effort', 1, string],
  ['output_config.format', 'x', object],
  ['output_config.format.schema', 'x', object],
  ['metadata', 'x', object],
  ['metadata.user_id', 1, string],
  ['service_tier', 1, string],
  ['cache_control', 'x', object],
  ['num_ctx', '8k', number],
  ['options', [], object],
] as const;

/** A request with a place for every field. */
const sound = {
  model: 'm',
  max_tokens: 2_000,
  system: [{ type: 'text', text: 'Be brief.' }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'hi' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 's' },
        { type: 'tool_use', id: 't', name: 'f', input: {} },
      ],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x', is_error: false }] },
  ],
  tools: [{ name: 'f', input_schema: {} }],
  tool_choice: { type: 'auto' },
  thinking: { type: 'enabled', budget_tokens: 1_024 },
  stop_sequences: ['END'],
  output_config: { format: { type: 'json_schema', schema: {} } },
  metadata: {},
};

const faultOf = (text: string) => faultIn(() => parseMessages(text));

describe('a field of the wrong type', () => {
  it.each(wrongTypes)('%s = %j', (path, value, expected) => {
    expectWrongType(faultOf(withValue(sound, path, value)), path, value, expected);
  });
});

const greeting = (fields: string): string =>
  `{"model":"m","max_tokens":10,"messages":[{"role":"user","content":"hi"}],${fields}}`;
const said = (role: string, block: string): string =>
  `{"model":"m","max_tokens":10,"messages":[{"role":"${role}","content":[${block}]}]}`;

describe('a body that cannot be', () => {
  it.each([
    ['', 'missing request body', undefined],
    ['[]', 'request body must be an object, got array', undefined],
    ['{"model":"m","messages":[]}', 'field "max_tokens" is required', 'max_tokens'],
    ['{"max_tokens":1}', 'model is required', 'model'],
    ['{"max_tokens":1,"model":"m"}', 'messages: at least one message is required', 'messages'],
    [
      '{"max_tokens":0,"model":"m"}',
      'max_tokens must be at least 1: filling a cache without an answer is not supported',
      'max_tokens',
    ],
    [greeting('"foo":1'), 'foo: Extra inputs are not permitted', 'foo'],
    [greeting('"temperature":1.5'), 'temperature must be from 0 to 1, got 1.5', 'temperature'],
    [greeting('"top_k":-1'), 'field "top_k" must not be negative, got -1', 'top_k'],
    [greeting('"stop_sequences":[""]'), 'stop_sequences[0] must not be empty', 'stop_sequences[0]'],
    [greeting('"container":"c"'), 'container is not supported: code is not run here', 'container'],
    [
      greeting('"mcp_servers":[{"url":"x"}]'),
      'mcp_servers is not supported: MCP servers are not asked for a client',
      'mcp_servers',
    ],
    [greeting('"service_tier":"fast"'), 'service_tier must be "auto" or "standard_only", got "fast"', 'service_tier'],
    [
      greeting('"tools":[{"type":"web_search_20250305","name":"web_search"}]'),
      'tools of type "web_search_20250305" are not supported; give a tool of your own, with an input_schema',
      'tools[0].type',
    ],
    [greeting('"tool_choice":{"type":"any"}'), 'tool_choice may only be given while providing tools', 'tool_choice'],
    [
      greeting('"tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool","name":"g"}'),
      'tool_choice names "g", which is none of the tools',
      'tool_choice',
    ],
    [
      greeting('"thinking":{"type":"enabled","budget_tokens":100}'),
      'thinking.budget_tokens must be at least 1024, got 100',
      'thinking.budget_tokens',
    ],
    [
      greeting('"thinking":{"type":"enabled","budget_tokens":1024}'),
      'max_tokens must be greater than thinking.budget_tokens, got 10 and 1024',
      'thinking.budget_tokens',
    ],
    [
      greeting('"output_config":{"effort":"constructor"}'),
      'output_config.effort must be one of low, medium, high, xhigh, max, got "constructor"',
      'output_config.effort',
    ],
    [
      greeting('"output_format":{"type":"xml"}'),
      'output_format must be of type "json_schema", got "xml"',
      'output_format.type',
    ],
    [
      said('user', '{"type":"document","source":{}}'),
      'content of type "document" is not supported at messages[0].content[0].type; use "text", "image", "tool_result"',
      'messages[0].content[0].type',
    ],
    [
      said('assistant', '{"type":"server_tool_use"}'),
      'content of type "server_tool_use" is not supported at messages[0].content[0].type; use "text", "thinking", "redacted_thinking", "tool_use"',
      'messages[0].content[0].type',
    ],
    [
      said('user', '{"type":"image","source":{"type":"file","file_id":"f"}}'),
      'field "messages[0].content[0].source.type" must be "base64" or "url", got "file"',
      'messages[0].content[0].source.type',
    ],
    [
      said('user', '{"type":"image","source":{"type":"base64","media_type":"image/png","data":"a"}}'),
      'field "messages[0].content[0].source.data": illegal base64 data at input byte 1',
      'messages[0].content[0].source.data',
    ],
    [
      said('tool', '{"type":"text","text":"x"}'),
      'role must be "user", "assistant" or "system", got "tool"',
      'messages[0].role',
    ],
  ])('%#: %s', (text, message, param) => {
    expect(faultOf(text)).toMatchObject({ reason: 'invalid_request', message, param });
  });

  it('not JSON, or 100,000 levels of it', () => {
    expect(faultOf('{"model":')).toMatchObject({ reason: 'malformed_json' });
    expect(faultOf('{"x":'.repeat(100_000))).toMatchObject({ reason: 'malformed_json' });
  });
});

describe('what is no fault', () => {
  it('fields of a beta go on, with its name', () => {
    const { call } = parseMessages(greeting('"foo":1.0'), { beta: 'foo-2026' });
    expect(call.extraJson).toBe('{"foo":1.0,"anthropic_beta":"foo-2026"}');
  });

  it('a picture that is only named: whoever runs the call brings it', () => {
    const source = '{"type":"url","url":"https://example.org/cat.png"}';
    const { call } = parseMessages(said('user', `{"type":"image","source":${source}}`));
    expect(mediaUrls(call)).toMatchObject([{ url: 'https://example.org/cat.png' }]);
    expect(faultOf(said('user', '{"type":"image","source":{"type":"url","url":"cat.png"}}'))).toMatchObject({
      param: 'messages[0].content[0].source.url',
    });
  });

  it('empty lists of what cannot be done', () => {
    expect(faultOf(greeting('"mcp_servers":[],"tools":[],"container":null'))).toBeUndefined();
  });

  it('a count without max_tokens, or with all that is about the answer', () => {
    expect(parseCountTokens('{"model":"m","messages":[{"role":"user","content":"hi"}]}').numPredict).toBeUndefined();
    expect(parseCountTokens(greeting('"stream":true,"temperature":0')).model).toBe('m');
  });

  it('__proto__ in a tool, which changes no prototype', () => {
    const schema = '{"__proto__":{"polluted":true}}';
    const { call } = parseMessages(greeting(`"tools":[{"name":"f","input_schema":${schema}}]`));
    expect(call.kind).toMatchObject({ value: { tools: [{ parametersJson: schema }] } });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

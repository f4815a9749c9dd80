import { describe, expect, it } from 'vitest';
import { expectWrongType, faultIn, mustBe, withValue } from '../bad-input.fixture.ts';
import { renderRequest } from '../ollama/index.ts';
import { parseChatCompletion } from './index.ts';

const { string, boolean, number, array, object, content } = mustBe;

/** A field, a wrong value, and what is said about it. */
const wrongTypes = [
  ['model', 7, string],
  ['messages', {}, array],
  ['messages[0]', 'hi', object],
  ['messages[0].role', 1, string],
  ['messages[0].content', 1, content],
  ['messages[0].content', {}, content],
  ['messages[0].reasoning', 1, string],
  ['messages[0].reasoning_content', 1, string],
  ['messages[0].tool_calls', {}, array],
  ['messages[0].tool_calls[0]', 1, object],
  ['messages[0].tool_calls[0].id', 1, string],
  ['messages[0].tool_calls[0].function', 'f', object],
  ['messages[0].tool_calls[0].function.name', 1, string],
  ['messages[0].tool_calls[0].function.arguments', {}, string],
  ['messages[0].tool_call_id', 1, string],
  ['messages[1].content[0]', 'hi', object],
  ['messages[1].content[0].type', 1, string],
  ['messages[1].content[0].text', 1, string],
  ['messages[1].content[1].image_url', [], object],
  ['messages[1].content[1].image_url.url', 1, string],
  ['messages[1].content[2].input_audio', 1, object],
  ['messages[1].content[2].input_audio.data', 1, string],
  ['messages[1].content[2].input_audio.format', 1, string],
  ['tools', {}, array],
  ['tools[0]', 1, object],
  ['tools[0].function', 1, object],
  ['tools[0].function.name', 1, string],
  ['tools[0].function.parameters', 'x', object],
  ['stream', 1, boolean],
  ['stream_options', true, object],
  ['stream_options.include_usage', 1, boolean],
  ['n', '1', number],
  ['max_tokens', '10', number],
  ['max_completion_tokens', '10', number],
  ['temperature', 'hot', number],
  ['top_p', true, number],
  ['seed', '1', number],
  ['presence_penalty', [], number],
  ['frequency_penalty', {}, number],
  ['stop', 1, array],
  ['stop[0]', 1, string],
  ['reasoning_effort', 1, string],
  ['reasoning', 'low', object],
  ['response_format', 'json', object],
  ['response_format.type', 1, string],
  ['response_format.json_schema', [], object],
  ['response_format.json_schema.schema', 'x', object],
  ['response_format.json_schema.name', 1, string],
  ['response_format.json_schema.strict', 1, boolean],
  ['logprobs', 1, boolean],
  ['top_logprobs', '2', number],
  ['num_ctx', '8k', number],
  ['options', [], object],
  ['extra_body', 1, object],
  ['extra_body.num_ctx', '8k', number],
] as const;

/** A request with a place for every field. */
const sound = {
  model: 'm',
  messages: [
    {
      role: 'assistant',
      content: 'hi',
      tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'hi' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
        { type: 'input_audio', input_audio: { data: 'aGk=', format: 'wav' } },
      ],
    },
  ],
  tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
  stream_options: {},
  stop: ['END'],
  response_format: { type: 'json_schema', json_schema: { name: 's', schema: {} } },
  extra_body: {},
};

const faultOf = (text: string) => faultIn(() => parseChatCompletion(text));

describe('a field of the wrong type', () => {
  it.each(wrongTypes)('%s = %j', (path, value, expected) => {
    expectWrongType(faultOf(withValue(sound, path, value)), path, value, expected);
  });
});

const message = (fields: string): string => `{"model":"m","messages":[{"role":"user",${fields}}]}`;
const calling = (args: string): string =>
  message(`"content":"","tool_calls":[{"id":"c","function":{"name":"f","arguments":${JSON.stringify(args)}}}]`);
const greeting = (fields: string): string => `{"model":"m","messages":[{"role":"user","content":"hi"}],${fields}}`;
const argumentsPath = 'messages[0].tool_calls[0].function.arguments';

describe('a body that cannot be', () => {
  it.each([
    ['', 'missing request body', undefined],
    ['[]', 'request body must be an object, got array', undefined],
    ['{"messages":[]}', 'model is required', 'model'],
    ['{"model":"m"}', "[] is too short - 'messages'", 'messages'],
    ['{"model":"m","messages":[]}', "[] is too short - 'messages'", 'messages'],
    [greeting('"n":17'), 'n must be from 1 to 16, got 17', 'n'],
    [greeting('"n":0'), 'n must be from 1 to 16, got 0', 'n'],
    [message('"content":null'), 'field "messages[0].content" is required', 'messages[0].content'],
    [
      message('"content":[{"type":"file","file":{}}]'),
      'content of type "file" is not supported; use "text", "image_url" or "input_audio"',
      'messages[0].content[0].type',
    ],
    [
      message('"content":[{"type":"image_url","image_url":{"url":"https://"}}]'),
      'field "messages[0].content[0].image_url.url" must be a URL of at most 8000 characters',
      'messages[0].content[0].image_url.url',
    ],
    [
      message('"content":[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]'),
      'invalid image input: expected a URL like "data:image/png;base64,..." or "https://..."',
      'messages[0].content[0].image_url.url',
    ],
    [
      message('"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,a"}}]'),
      'field "messages[0].content[0].image_url.url": illegal base64 data at input byte 1',
      'messages[0].content[0].image_url.url',
    ],
    [
      calling('{"a":oops}'),
      `field "${argumentsPath}": invalid JSON: Unexpected token "o" in JSON at position 5`,
      argumentsPath,
    ],
    [calling('[1]'), `field "${argumentsPath}" must hold a JSON object, got array`, argumentsPath],
    [
      calling('['.repeat(100_000)),
      `field "${argumentsPath}": invalid JSON: nested more than 64 levels deep at position 64`,
      argumentsPath,
    ],
    [
      greeting('"response_format":{"type":"xml"}'),
      'field "response_format.type" must be "text", "json_object" or "json_schema", got "xml"',
      'response_format.type',
    ],
    [
      greeting('"reasoning_effort":"constructor"'),
      'invalid reasoning effort "constructor" (must be one of none, minimal, low, medium, high, xhigh)',
      'reasoning_effort',
    ],
    [greeting('"top_logprobs":21'), 'top_logprobs must be between 0 and 20', 'top_logprobs'],
    [greeting('"top_logprobs":2'), 'top_logprobs is only allowed when logprobs is true', 'top_logprobs'],
    [greeting('"tool_choice":"required"'), 'tool_choice is only allowed when tools are specified', 'tool_choice'],
    [
      greeting('"tool_choice":"any"'),
      'field "tool_choice" must be one of auto, none, required, got "any"',
      'tool_choice',
    ],
    [
      greeting('"tools":[{"function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}}'),
      'tool_choice names "g", which is none of the tools',
      'tool_choice',
    ],
    [greeting('"tools":[],"functions":[]'), 'functions is the older name of tools; send one of them', 'functions'],
    [
      greeting('"service_tier":"scale"'),
      'field "service_tier" must be one of auto, default, flex, priority, got "scale"',
      'service_tier',
    ],
    [
      greeting('"logit_bias":{"50256":-100}'),
      'logit_bias is not supported: no backend here can favour single tokens. Leave it out.',
      'logit_bias',
    ],
    [
      greeting('"modalities":["text","audio"]'),
      'modalities is not supported: models here answer with text only. Leave it out.',
      'modalities',
    ],
    [greeting('"audio":{}'), 'audio is not supported: no model here answers in sound. Leave it out.', 'audio'],
    [
      greeting('"web_search_options":{}'),
      'web_search_options is not supported: no model here searches the web by itself. Leave it out.',
      'web_search_options',
    ],
    [greeting('"store":true'), 'store is not supported: chat completions are not stored. Leave it out.', 'store'],
    [
      greeting('"verbosity":"low"'),
      'verbosity is not supported: models here have no setting for it; ask for it in a message. Leave it out.',
      'verbosity',
    ],
    [
      greeting('"stream_options":{"continuous_usage_stats":true}'),
      'stream_options.continuous_usage_stats is not supported: tokens are counted at the end of a stream only. Leave it out.',
      'stream_options.continuous_usage_stats',
    ],
    [greeting('"max_tokens":1e10'), 'field "max_tokens" must be an integer of at most 32 bits, got 1e10', 'max_tokens'],
    [
      greeting('"tools":[{"type":"custom"}]'),
      'field "tools[0].type" must be "function", got "custom"',
      'tools[0].type',
    ],
    [
      greeting('"extra_body":{"guided_json":{},"think":true}'),
      'extra_body has guided_json, which nobody here knows: put it at the top to pass it on',
      'extra_body',
    ],
    [greeting('"keep_alive":"300"'), 'time: missing unit in duration "300"', 'keep_alive'],
    [greeting('"options":{"num_ctx":"x"}'), 'option "num_ctx" must be of type integer', 'options.num_ctx'],
  ])('%#: %s', (text, said, param) => {
    expect(faultOf(text)).toMatchObject({ reason: 'invalid_request', message: said, param });
  });

  it('not JSON, or 100,000 levels of it', () => {
    expect(faultOf('{"model":')).toMatchObject({ reason: 'malformed_json' });
    expect(faultOf('{"x":'.repeat(100_000))).toMatchObject({
      reason: 'malformed_json',
      message: 'invalid JSON: nested more than 64 levels deep at position 320',
    });
  });
});

describe('odd input that is no fault', () => {
  it('keeps __proto__ in a tool schema, and changes no prototype', () => {
    const schema = '{"__proto__":{"polluted":true}}';
    const { call } = parseChatCompletion(greeting(`"tools":[{"function":{"name":"f","parameters":${schema}}}]`));
    expect(renderRequest(call, { stream: true }).body).toContain(`"parameters":${schema}`);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps NUL bytes in texts', () => {
    const { call } = parseChatCompletion(message('"content":"a\\u0000b"'));
    expect(renderRequest(call, { stream: true }).body).toContain('"content":"a\\u0000b"');
  });
});

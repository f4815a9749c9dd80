import { describe, expect, it } from 'vitest';
import { expectWrongType, faultIn, mustBe, withValue } from '../bad-input.fixture.ts';
import { parseChat, parseEmbed, parseGenerate, renderRequest } from './index.ts';

const { string, boolean, number, array, object } = mustBe;

const parsers = { chat: parseChat, generate: parseGenerate, embed: parseEmbed };

/** Route, field, a wrong value, and what is said about it. */
const wrongTypes = [
  ['chat', 'model', 7, string],
  ['chat', 'messages', {}, array],
  ['chat', 'messages[0]', 'hi', object],
  ['chat', 'messages[0].role', 1, string],
  ['chat', 'messages[0].content', ['hi'], string],
  ['chat', 'messages[0].thinking', true, string],
  ['chat', 'messages[0].images', 'aGk=', array],
  ['chat', 'messages[0].images[0]', 1, string],
  ['chat', 'messages[0].tool_calls', {}, array],
  ['chat', 'messages[0].tool_calls[0]', 'f', object],
  ['chat', 'messages[0].tool_calls[0].id', 1, string],
  ['chat', 'messages[0].tool_calls[0].type', 1, string],
  ['chat', 'messages[0].tool_calls[0].function', [], object],
  ['chat', 'messages[0].tool_calls[0].function.name', 1, string],
  ['chat', 'messages[0].tool_calls[0].function.index', '0', number],
  ['chat', 'messages[0].tool_calls[0].function.arguments', '{}', object],
  ['chat', 'messages[0].tool_name', 1, string],
  ['chat', 'messages[0].tool_call_id', 1, string],
  ['chat', 'tools', {}, array],
  ['chat', 'tools[0]', 1, object],
  ['chat', 'tools[0].type', 1, string],
  ['chat', 'tools[0].function', 'f', object],
  ['chat', 'tools[0].function.name', 1, string],
  ['chat', 'tools[0].function.description', 1, string],
  ['chat', 'tools[0].function.parameters', [], object],
  ['chat', 'stream', 'true', boolean],
  ['chat', 'options', [], object],
  ['chat', 'keep_alive', {}, 'must be a number of seconds or a duration like "5m"'],
  ['chat', 'think', 1, 'must be a boolean or "max", "high", "medium" or "low"'],
  ['chat', 'logprobs', 1, boolean],
  ['chat', 'top_logprobs', '1', number],
  ['generate', 'model', [], string],
  ['generate', 'prompt', 1, string],
  ['generate', 'suffix', 1, string],
  ['generate', 'system', 1, string],
  ['generate', 'template', 1, string],
  ['generate', 'raw', 1, boolean],
  ['generate', 'images', {}, array],
  ['generate', 'context', {}, array],
  ['generate', 'context[0]', '1', number],
  ['generate', 'stream', 1, boolean],
  ['embed', 'model', true, string],
  ['embed', 'truncate', 1, boolean],
  ['embed', 'dimensions', '1', number],
] as const;

const call = { function: { name: 'f', arguments: {} } };

/** A request with a place for every field. */
const sound = {
  model: 'm',
  messages: [{ role: 'user', content: 'hi', images: ['aGk='], tool_calls: [call] }],
  tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
  context: [1],
};

const faultOf = (route: keyof typeof parsers, text: string) => faultIn(() => parsers[route](text));

describe('a field of the wrong type', () => {
  it.each(wrongTypes)('%s: %s = %j', (route, path, value, expected) => {
    expectWrongType(faultOf(route, withValue(sound, path, value)), path, value, expected);
  });

  it.each(wrongTypes.filter(([, path]) => !/\]$|role$|function$|\.name$|^model$/.test(path)))(
    '%s: %s may be null',
    (route, path) => {
      expect(faultOf(route, withValue(sound, path, null))).toBeUndefined();
    },
  );
});

describe('a body that cannot be', () => {
  it.each([
    ['chat', '', 'missing request body'],
    ['chat', ' \n', 'missing request body'],
    ['chat', '[]', 'request body must be an object, got array'],
    ['generate', '"hi"', 'request body must be an object, got string'],
    ['embed', 'null', 'request body must be an object, got null'],
    ['chat', '{}', 'model is required'],
    ['generate', '{"model":""}', 'model is required'],
    ['embed', '{"model":null}', 'model is required'],
    ['chat', '{"model":"m","messages":[null]}', 'field "messages[0]" must be an object, got null'],
    ['chat', '{"model":"m","messages":[{"content":"hi"}]}', 'field "messages[0].role" is required'],
    ['chat', '{"model":"m","tools":[{}]}', 'field "tools[0].function" is required'],
    ['chat', '{"model":"m","tools":[{"function":{}}]}', 'field "tools[0].function.name" is required'],
    ['chat', '{"model":"m","tools":[{"type":"custom"}]}', 'field "tools[0].type" must be "function", got "custom"'],
    [
      'chat',
      '{"model":"m","messages":[{"role":"user","images":["a"]}]}',
      'field "messages[0].images[0]": illegal base64 data at input byte 1',
    ],
    ['chat', '{"model":"m","options":{"num_ctx":"8k"}}', 'option "num_ctx" must be of type integer'],
    ['chat', '{"model":"m","options":{"num_ctx":1e99}}', 'option "num_ctx" must be of type integer'],
    ['generate', '{"model":"m","options":{"num_predict":[1]}}', 'option "num_predict" must be of type integer'],
    ['chat', '{"model":"m","options":{"temperature":"hot"}}', 'option "temperature" must be of type float32'],
    ['embed', '{"model":"m","options":{"seed":[]}}', 'option "seed" must be of type integer'],
    ['chat', '{"model":"m","options":{"use_mmap":1}}', 'option "use_mmap" must be of type boolean'],
    ['chat', '{"model":"m","options":{"stop":"x"}}', 'option "stop" must be of type array'],
    ['chat', '{"model":"m","options":{"stop":["x",1]}}', 'option "stop" must be of an array of strings'],
    ['chat', '{"model":"m","keep_alive":"300"}', 'time: missing unit in duration "300"'],
    [
      'chat',
      '{"model":"m","think":"most"}',
      'invalid think value: "most" (must be "high", "medium", "low", "max", true, or false)',
    ],
    ['chat', '{"model":"m","top_logprobs":21}', 'top_logprobs must be between 0 and 20'],
    ['generate', '{"model":"m","logprobs":true,"top_logprobs":-1}', 'top_logprobs must be between 0 and 20'],
    [
      'chat',
      '{"model":"m","format":"yaml"}',
      'invalid format: "\\"yaml\\""; expected "json" or a valid JSON Schema object',
    ],
    ['chat', '{"model":"m","_debug_render_only":true}', '"_debug_render_only" is not supported'],
    ['generate', '{"model":"m","raw":true,"system":"x"}', 'raw mode does not support template, system, or context'],
    ['generate', '{"model":"m","raw":true,"template":"x"}', 'raw mode does not support template, system, or context'],
    ['generate', '{"model":"m","raw":true,"context":[1]}', 'raw mode does not support template, system, or context'],
    ['generate', '{"model":"m","context":[1.5]}', 'field "context[0]" must be an integer of at most 32 bits, got 1.5'],
    ['embed', '{"model":"m","input":1}', 'invalid input type'],
    ['embed', '{"model":"m","input":["a",1]}', 'invalid input type'],
    ['embed', '{"model":"m","dimensions":-1}', 'field "dimensions" must not be negative, got -1'],
  ] as const)('%s %j', (route, text, message) => {
    expect(faultOf(route, text)).toMatchObject({ reason: 'invalid_request', message });
  });

  it.each(['chat', 'generate', 'embed'] as const)('%s: not JSON, or 100,000 levels of it', (route) => {
    expect(faultOf(route, '{"model":')).toMatchObject({ reason: 'malformed_json' });
    expect(faultOf(route, `{"model":"m","x":${'['.repeat(100_000)}`)).toMatchObject({
      reason: 'malformed_json',
      message: 'invalid JSON: nested more than 64 levels deep at position 80',
    });
  });
});

describe('odd input that is no fault', () => {
  it('keeps __proto__ wherever it stands, and changes no prototype', () => {
    const schema = '{"__proto__":{"polluted":true},"constructor":1}';
    const { call } = parseChat(
      `{"model":"m","__proto__":{"polluted":1},"options":{"__proto__":2},"tools":[{"function":{"name":"f","parameters":${schema}}}]}`,
    );
    const { body } = renderRequest(call, { stream: true });
    expect(body).toContain(`"parameters":${schema}`);
    expect(body).toContain('"options":{"__proto__":2}');
    expect(body).toContain('"__proto__":{"polluted":1}');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps NUL bytes in texts', () => {
    const text = '{"model":"m","messages":[{"role":"user","content":"a\\u0000b"}]}';
    const { call } = parseChat(text);
    expect(call.kind).toMatchObject({ value: { messages: [{ parts: [{ kind: { value: 'a\0b' } }] }] } });
    expect(renderRequest(call, { stream: true }).body).toContain('"content":"a\\u0000b"');
  });
});

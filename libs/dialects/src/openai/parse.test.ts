import { describe, expect, it } from 'vitest';
import { parseChatCompletion } from './index.ts';

const request = (fields: string): string =>
  `{"model":"m","messages":[{"role":"user","content":"hi"},{"role":"function","name":"f","content":"x"}]${fields}}`;

describe('parseChatCompletion', () => {
  it.each([
    ['', false, false],
    [',"stream":true', true, false],
    [',"stream":true,"stream_options":{"include_usage":true}', true, true],
    [',"stream":false,"stream_options":null', false, false],
  ])('with %j: stream %s, usage %s', (fields, stream, includeUsage) => {
    expect(parseChatCompletion(request(fields))).toMatchObject({ stream, includeUsage });
  });

  it.each([
    [',"reasoning_effort":"none"', 'false'],
    [',"reasoning_effort":"minimal"', 'low'],
    [',"reasoning_effort":"medium"', 'medium'],
    [',"reasoning_effort":"xhigh"', 'high'],
    [',"reasoning":{"effort":"high"}', 'high'],
    [',"reasoning_effort":"low","think":false', 'false'],
    ['', undefined],
  ])('with %j: think %s', (fields, think) => {
    expect(parseChatCompletion(request(fields)).call.think).toBe(think);
  });

  it.each([
    ['', '{"temperature":1,"top_p":1}', ''],
    [',"temperature":0.50', '{"temperature":0.50,"top_p":1}', '{"temperature":0.50}'],
    [',"options":{"top_p":0.4}', '{"temperature":1,"top_p":0.4}', '{"top_p":0.4}'],
  ])('with %j: options %s, without defaults %s', (fields, usual, without) => {
    expect(parseChatCompletion(request(fields)).call.optionsJson).toBe(usual);
    expect(parseChatCompletion(request(fields), { withoutDefaults: true }).call.optionsJson).toBe(without);
  });

  it.each([
    [',"top_k":5,"min_p":0.10', '{"top_k":5,"min_p":0.10}'],
    [',"repetition_penalty":1.10', '{"repeat_penalty":1.10}'],
    [',"options":{"top_k":5},"extra_body":{"top_k":6}', '{"top_k":6}'],
  ])('with %j: options %s, which OpenAI lacks', (fields, options) => {
    expect(parseChatCompletion(request(fields), { withoutDefaults: true }).call.optionsJson).toBe(options);
  });

  it.each([
    ['', undefined, []],
    [',"tool_choice":"auto"', undefined, ['f', 'g']],
    [',"tool_choice":"none"', '"none"', ['f', 'g']],
    [',"tool_choice":"required"', '"required"', ['f', 'g']],
    [
      ',"tool_choice":{"type": "function","function":{"name":"g"}}',
      '{"type": "function","function":{"name":"g"}}',
      ['f', 'g'],
    ],
    [',"tool_choice":{"type":"allowed_tools","allowed_tools":{"tools":[{"function":{"name":"g"}}]}}', undefined, ['g']],
    [
      ',"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"function":{"name":"f"}}]}}',
      '"required"',
      ['f'],
    ],
  ])('with %j: choice %s of %j', (fields, choice = '', names) => {
    const tools = names.length === 0 ? '' : ',"tools":[{"function":{"name":"f"}},{"function":{"name":"g"}}]';
    const { kind } = parseChatCompletion(request(tools + fields)).call;
    expect(kind).toMatchObject({ value: { toolChoiceJson: choice, tools: names.map((name) => ({ name })) } });
  });

  it('takes functions for tools, and remembers to answer in their words', () => {
    const functions = ',"functions":[{"name":"f","parameters":{"type": "object"},"strict":true}]';
    const { call, legacyFunctions } = parseChatCompletion(request(`${functions},"function_call":{"name":"f"}`));
    expect(legacyFunctions).toBe(true);
    expect(call.kind).toMatchObject({
      value: {
        tools: [{ name: 'f', parametersJson: '{"type": "object"}', extraJson: '{"strict":true}' }],
        toolChoiceJson: '{"type":"function","function":{"name":"f"}}',
      },
    });
  });

  it('tells what is wanted besides the call', () => {
    expect(parseChatCompletion(request(''))).toMatchObject({ count: 1, oneToolCall: false, legacyFunctions: false });
    const asked = parseChatCompletion(request(',"n":3,"parallel_tool_calls":false,"service_tier":"flex"'));
    expect(asked).toMatchObject({ count: 3, oneToolCall: true, serviceTier: { name: 'flex' } });
    // A backend that knows it keeps to it too.
    expect(asked.call.extraJson).toBe('{"parallel_tool_calls":false}');
  });

  it('takes the older role for an answer of a function', () => {
    expect(parseChatCompletion(request('')).call.kind).toMatchObject({
      value: { messages: [{ role: 'user' }, { role: 'tool', toolName: 'f' }] },
    });
  });

  it('takes json_schema without a schema for any JSON', () => {
    const { call } = parseChatCompletion(request(',"response_format":{"type":"json_schema","json_schema":{}}'));
    expect(call.format?.kind).toEqual({ case: 'json', value: true });
    expect(parseChatCompletion(request(',"response_format":{"type":"text"}')).call.format).toBeUndefined();
  });
});

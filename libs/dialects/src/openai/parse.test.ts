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

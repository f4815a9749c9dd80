import { describe, expect, it } from 'vitest';
import { createEventParser } from './index.ts';

const parse = (...events: readonly object[]) => {
  const parser = createEventParser();
  return events.flatMap((event) => parser.line(`data: ${JSON.stringify(event)}`));
};

describe('a stream', () => {
  it('may hold what nobody here knows', () => {
    const parser = createEventParser();
    expect(parser.line('event: ping')).toEqual([]);
    expect(parser.line(': a comment')).toEqual([]);
    expect(parse({ type: 'surprise' })).toEqual([]);
    expect(parse({ type: 'content_block_delta', index: 0, delta: { type: 'citations_delta' } })).toEqual([]);
  });

  it.each([
    ['not JSON', 'data: {"type":'],
    ['no object', 'data: 7'],
    ['a piece without text', 'data: {"type":"content_block_delta","delta":{"type":"text_delta"}}'],
    ['a block without content', 'data: {"type":"content_block_start","index":0}'],
    [
      'input of no tool',
      'data: {"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta","partial_json":"{"}}',
    ],
  ])('that is not Anthropic’s is bad: %s', (_, line) => {
    expect(() => createEventParser().line(line)).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
  });

  it.each(['[1]', '{"a":'])('whose tool gets %s is bad', (json) => {
    const block = { type: 'tool_use', id: 't', name: 'f', input: {} };
    expect(() =>
      parse(
        { type: 'content_block_start', index: 0, content_block: block },
        { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: json } },
        { type: 'content_block_stop', index: 0 },
      ),
    ).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
  });

  it('numbers the tools that it asks for', () => {
    const uses = [3, 5].flatMap((index) => [
      { type: 'content_block_start', index, content_block: { type: 'tool_use', id: `t${index}`, name: 'f' } },
      { type: 'content_block_stop', index },
    ]);
    const calls = parse(...uses).flatMap(({ kind }) => (kind.case === 'delta' ? kind.value.toolCalls : []));
    expect(calls.map(({ index, id, argumentsJson }) => [index, id, argumentsJson])).toEqual([
      [0, 't3', '{}'],
      [1, 't5', '{}'],
    ]);
  });

  it('tells an error as what it is, without addresses', () => {
    const error = { type: 'overloaded_error', message: 'Overloaded at http://10.0.0.1:80/x' };
    expect(() => parse({ type: 'error', error })).toThrow(
      expect.objectContaining({ reason: 'overloaded', message: 'Overloaded at the backend' }),
    );
  });
});

import { create, toJson } from '@bufbuild/protobuf';
import { ChunkSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { parseChatLine, parseEmbedBody, parseEmbeddingsBody, parseGenerateLine } from './index.ts';

const parsers = [
  ['chat', parseChatLine],
  ['generate', parseGenerateLine],
  ['embed', parseEmbedBody],
  ['embeddings', parseEmbeddingsBody],
] as const;

describe.each(parsers)('a line of %s', (_, parse) => {
  it('that tells an error throws it, without addresses', () => {
    const line = '{"error":"Post \\"http://127.0.0.1:39041/completion\\": EOF"}';
    expect(() => parse(line)).toThrow(
      expect.objectContaining({ reason: 'upstream_error', message: 'Post "the backend": EOF' }),
    );
  });

  it.each(['', 'null', '[]', '"x"', '{', '<html>', '{"done":fal', '{}', '{"detail":"Not Found"}'])(
    'that is %j is a bad upstream',
    (line) => {
      expect(() => parse(line)).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
    },
  );
});

describe('parseChatLine', () => {
  it.each([
    '{"message":"hi","done":false}',
    '{"message":null,"done":false}',
    '{"message":{"content":1},"done":false}',
    '{"message":{"thinking":{}},"done":false}',
    '{"message":{"content":"x"},"done":"false"}',
    '{"message":{"content":"","tool_calls":[1]},"done":false}',
    '{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]},"done":false}',
    '{"message":{"content":""},"logprobs":[{}],"done":false}',
    '{"message":{"content":""},"logprobs":[{"token":"a","logprob":-1,"bytes":[256]}],"done":false}',
    `{"message":{"content":""},"logprobs":${'[{"top_logprobs":'.repeat(50_000)}1${'}]'.repeat(50_000)},"done":false}`,
    '{"message":{"content":""},"done":true,"eval_count":-1}',
    '{"message":{"content":""},"done":true,"eval_count":"7"}',
    '{"message":{"content":""},"done":true,"eval_duration":"7"}',
    '{"message":{"content":""},"done":true,"done_reason":7}',
  ])('takes %.80s for a bad upstream', (line) => {
    expect(() => parseChatLine(line)).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
  });

  it('makes nothing of a line that says nothing', () => {
    expect(parseChatLine('{"message":{"role":"assistant","content":""},"done":false}')).toEqual([]);
  });

  it('makes a delta and a done of a last line with words', () => {
    const line = '{"message":{"role":"assistant","content":"hi"},"done":true,"done_reason":"length","x":1.0}';
    expect(parseChatLine(line)).toMatchObject([
      { kind: { case: 'delta', value: { text: 'hi', extraJson: '' } } },
      { kind: { case: 'done', value: { reason: 'length', extraJson: '{"x":1.0}' } } },
    ]);
  });

  it('leaves what is not known absent', () => {
    const [chunk] = parseChatLine('{"message":{"content":""},"done":true}');
    const json = toJson(ChunkSchema, chunk ?? create(ChunkSchema));
    expect(json).toEqual({ done: { reason: 'stop', usage: {}, timings: {} } });
  });
});

describe('parseGenerateLine', () => {
  it.each(['{"response":1,"done":false}', '{"response":"","done":true,"context":["a"]}'])(
    'takes %s for a bad upstream',
    (line) => {
      expect(() => parseGenerateLine(line)).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
    },
  );
});

describe('parseEmbedBody', () => {
  it.each(['{"embeddings":[1]}', '{"embeddings":[["a"]]}', '{"embeddings":[[null]]}', '{"embeddings":{}}'])(
    'takes %s for a bad upstream',
    (body) => {
      expect(() => parseEmbedBody(body)).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
    },
  );

  it('cuts a long vector into pieces of one index', () => {
    const vector = Array.from({ length: 40_000 }, (_, at) => at);
    const chunks = parseEmbedBody(JSON.stringify({ embeddings: [[7], vector] }));
    const pieces = chunks.flatMap(({ kind }) => (kind.case === 'delta' ? kind.value.embeddings : []));
    expect(pieces.map(({ index, values }) => [index, values.length])).toEqual([
      [0, 1],
      [1, 16_384],
      [1, 16_384],
      [1, 7_232],
    ]);
    expect(pieces.slice(1).flatMap(({ values }) => values)).toEqual(vector);
  });
});

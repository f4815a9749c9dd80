import { create } from '@bufbuild/protobuf';
import { DeltaSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { parseEmbeddings, parseEmbeddingsBody, renderEmbeddings, renderRequest } from './index.ts';

const sent = (body: string) => renderRequest(parseEmbeddings(body).call, { stream: false });

describe('/api/embeddings', () => {
  it('asks for the vector of one text, as the model makes it, with the fields of /api/embed', () => {
    const { call, stream } = parseEmbeddings(
      '{"model":"m","prompt":"sky","keep_alive":"5m","options":{"num_thread":2.0},"x":1.0}',
    );
    expect(stream).toBe(false);
    expect(call.kind).toMatchObject({ case: 'embed', value: { inputs: ['sky'], raw: true } });
    expect(call).toMatchObject({ keepAliveMs: 300_000, optionsJson: '{"num_thread":2.0}', extraJson: '{"x":1.0}' });
  });

  it('is what Ollama is asked by: its /api/embed knows only vectors of length 1', () => {
    const options = '{"num_thread":2.0}';
    expect(sent(`{"model":"m","prompt":"sky","options":${options}}`)).toEqual({
      path: '/api/embeddings',
      body: `{"model":"m","options":${options},"prompt":"sky"}`,
    });
    expect(sent('{"model":"m","prompt":""}')).toEqual({ path: '/api/embeddings', body: '{"model":"m","prompt":""}' });
  });

  it('is asked of Ollama for one text at a time', () => {
    const { call } = parseEmbeddings('{"model":"m","prompt":"sky"}');
    if (call.kind.case === 'embed') call.kind.value.inputs.push('sea');
    expect(() => renderRequest(call, { stream: false })).toThrow('one text at a time');
  });

  it("is read from Ollama's answer, which counts nothing", () => {
    const chunks = parseEmbeddingsBody('{"embedding":[3,-4.5]}');
    expect(chunks).toMatchObject([
      { kind: { case: 'delta', value: { embeddings: [{ index: 0, values: [3, -4.5] }] } } },
      { kind: { case: 'done', value: { reason: 'stop', extraJson: '' } } },
    ]);
    expect(chunks[1]?.kind.value).not.toHaveProperty('usage.promptTokens');
    expect(parseEmbeddingsBody('{"embedding":[]}')).toHaveLength(1);
  });

  it.each(['{"model":"m"}', '{"model":"m","prompt":""}', '{"model":"m","prompt":null}'])(
    'only loads the model for %s',
    (body) => {
      expect(parseEmbeddings(body).call.kind).toMatchObject({ value: { inputs: [] } });
      expect(renderEmbeddings([])).toBe('{"embedding":[]}');
    },
  );

  it('is refused without a model', () => {
    expect(() => parseEmbeddings('{"prompt":"sky"}')).toThrow('model is required');
    expect(() => parseEmbeddings('')).toThrow('missing request body');
  });

  it('answers with the vector, its pieces joined', () => {
    const pieces = [[1, -0.5], [0.25]].map((values) => create(DeltaSchema, { embeddings: [{ index: 0, values }] }));
    expect(renderEmbeddings(pieces)).toBe('{"embedding":[1,-0.5,0.25]}');
    expect(renderEmbeddings(pieces, { tutti: { node: 'a' } })).toBe('{"embedding":[1,-0.5,0.25],"tutti":{"node":"a"}}');
  });
});

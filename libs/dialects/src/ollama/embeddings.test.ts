import { create } from '@bufbuild/protobuf';
import { DeltaSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { parseEmbeddings, renderEmbeddings, renderRequest } from './index.ts';

const sent = (body: string): string => renderRequest(parseEmbeddings(body).call, { stream: false }).body;

describe('/api/embeddings', () => {
  it('asks for the vector of one text, with the fields of /api/embed', () => {
    const { call, stream } = parseEmbeddings(
      '{"model":"m","prompt":"sky","keep_alive":"5m","options":{"num_thread":2.0},"x":1.0}',
    );
    expect(stream).toBe(false);
    expect(call.kind).toMatchObject({ case: 'embed', value: { inputs: ['sky'] } });
    expect(call).toMatchObject({ keepAliveMs: 300_000, optionsJson: '{"num_thread":2.0}', extraJson: '{"x":1.0}' });
    expect(JSON.parse(sent('{"model":"m","prompt":"sky"}'))).toMatchObject({
      ...{ model: 'm', input: ['sky'] },
      truncate: false,
    });
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

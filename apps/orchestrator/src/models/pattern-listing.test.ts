import { create } from '@bufbuild/protobuf';
import type { NodeView } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { describe, expect, it } from 'vitest';
import { listPatterns } from './pattern-listing.ts';

/** A node that has models of these context lengths; those without one do not tell. */
function nodeWith(...models: readonly { contextLength?: number; capabilities?: string[] }[]): NodeView {
  const state = create(NodeStateSchema, { models: models.map((model, i) => ({ name: `m${i}`, ...model })) });
  return { name: 'a', ready: true, state } as NodeView;
}

describe('the patterns are listed', () => {
  it('with the least context of the models that may take part, which their prompt must fit', () => {
    const embedder = { contextLength: 512, capabilities: ['embedding'] };
    const patterns = listPatterns([nodeWith({ contextLength: 8_192 }, { contextLength: 4_096 }, embedder)]);
    expect(new Set(patterns.map(({ contextLength }) => contextLength))).toEqual(new Set([4_096]));
  });

  it('without one where not all models tell theirs', () => {
    const patterns = listPatterns([nodeWith({ contextLength: 8_192 }, {})]);
    expect(patterns.length).toBeGreaterThan(0);
    expect(patterns[0]).not.toHaveProperty('contextLength');
  });

  it('only where a model can chat', () => {
    expect(listPatterns([nodeWith({ capabilities: ['embedding'] })])).toEqual([]);
  });
});

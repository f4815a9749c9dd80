import { create } from '@bufbuild/protobuf';
import type { NodeView } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { describe, expect, it } from 'vitest';
import type { Placement } from './placement.ts';
import { targetsOf } from './targets.ts';

interface Facts {
  readonly memoryBytes?: number;
  readonly models?: readonly string[];
  readonly kind?: string;
  readonly ready?: boolean;
}

function node(name: string, { memoryBytes, models = [], kind = 'ollama', ready = true }: Facts = {}): NodeView {
  const state = create(NodeStateSchema, {
    backend: { kind },
    models: models.map((model) => ({ name: model, sizeBytes: 10 })),
    ...(memoryBytes !== undefined && { modelMemoryBytes: memoryBytes }),
  });
  const idle = { inFlight: 0, inFlightByModel: new Map() };
  return { name, state, ready, reportedAt: 0, cordoned: false, full: false, ...idle };
}

const names = (nodes: NodeView[], placement?: Placement, merit?: (one: NodeView) => number): string[] =>
  targetsOf(nodes, { model: 'm', placement, ...(merit && { merit }) }).map(({ name }) => name);

const all = { kind: 'all' } as const;

describe('targetsOf', () => {
  it('takes the node with the most memory, and none that has no Ollama or is not ready', () => {
    const nodes = [
      node('a', { memoryBytes: 1 }),
      node('b', { memoryBytes: 2 }),
      node('c', { memoryBytes: 3, kind: 'embedded' }),
      node('d', { memoryBytes: 4, ready: false }),
    ];
    expect(names(nodes)).toEqual(['b']);
    expect(names(nodes, all)).toEqual(['b', 'a']);
  });

  it('takes those that have the model, so that they stay alike', () => {
    const nodes = [node('a', { memoryBytes: 9 }), node('b', { models: ['m:latest'] }), node('c', { models: ['m'] })];
    expect(names(nodes)).toEqual(['b', 'c']);
    expect(names(nodes, { kind: 'count', count: 1 })).toEqual(['b']);
  });

  it('passes over nodes that are too small for what is known of the model', () => {
    const nodes = [node('big', { memoryBytes: 100 }), node('small', { memoryBytes: 5 }), node('unknown')];
    const elsewhere = node('other', { kind: 'embedded', models: ['m'] });
    expect(names([...nodes, elsewhere], all)).toEqual(['big', 'unknown', 'small']);
  });

  it('lets a merit come before all else', () => {
    const nodes = [node('a', { memoryBytes: 9 }), node('b', { memoryBytes: 1 })];
    expect(names(nodes, undefined, ({ name }) => Number(name === 'b'))).toEqual(['b']);
  });

  it('takes nodes in the order in which they are named, and says which there are if one is not', () => {
    const nodes = [node('a'), node('b')];
    expect(names(nodes, { kind: 'nodes', names: ['b', 'a'] })).toEqual(['b', 'a']);
    expect(() => names(nodes, { kind: 'nodes', names: ['c'] })).toThrow(
      'Node "c" cannot pull or make models: it is not ready, or has no Ollama. Nodes that can: a, b.',
    );
    expect(() => names(nodes, { kind: 'count', count: 3 })).toThrow('3 nodes were asked for, 2 are ready.');
    expect(() => names([])).toThrow(expect.objectContaining({ reason: 'no_healthy_node' }));
  });
});

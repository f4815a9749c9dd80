import { describe, expect, it } from 'vitest';
import { runnerBytes } from '../machine-profile.ts';
import { canRun, fleet } from './fleet.ts';

describe('a fleet', () => {
  it('is the same for the same seed, and slightly another for another', () => {
    const speeds = (seed: number): number[] => fleet('n8', seed).nodes.map(({ bytesPerMs }) => bytesPerMs);
    expect(speeds(1)).toEqual(speeds(1));
    expect(speeds(1)).not.toEqual(speeds(2));
  });

  it.each([
    ['n3', 3],
    ['n8', 8],
    ['n30', 30],
    [100, 100],
  ] as const)('%s has %i machines with names of their own', (size, count) => {
    const names = fleet(size, 1).nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(count);
  });

  it('has a machine for each model, and machines that have not all', () => {
    for (const size of ['n3', 'n8', 'n30'] as const) {
      const { nodes, models } = fleet(size, 1);
      for (const model of models) {
        const able = nodes.filter((node) => canRun(node, model, 16_384));
        expect(able.length, `${size}, ${model.name}`).toBeGreaterThan(0);
      }
      expect(nodes.some((node) => node.models.length < models.length)).toBe(true);
    }
  });

  it('runs on no machine what does not fit there', () => {
    const { nodes, models } = fleet('n8', 1);
    const largest = models.toSorted((a, b) => b.sizeBytes - a.sizeBytes)[0]!;
    const small = nodes.find(({ kind }) => kind.name === 'gpu11')!;
    expect(canRun(small, largest)).toBe(false);
    expect(runnerBytes(largest, 4_096, 1)).toBeGreaterThan(largest.sizeBytes);
  });
});

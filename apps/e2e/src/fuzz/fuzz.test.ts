import { afterAll, beforeAll, expect, it } from 'vitest';
import { faces, type Face } from './documented.ts';
import { fuzz } from './fuzz.ts';
import { startFuzzedCluster, type FuzzedCluster } from './fuzzed-cluster.ts';

/** 50,000 in all. Other inputs each day are tried by hand: `npm run fuzz -- --seed …`. */
const shares: Readonly<Record<Face, number>> = { ollama: 13_000, openai: 13_000, anthropic: 9_000, own: 15_000 };

const seed = 1;

let cluster: FuzzedCluster;

beforeAll(async () => {
  cluster = await startFuzzedCluster();
});

afterAll(() => cluster.close());

it.each(faces)(
  '%s: whatever is sent, the answer is one that is documented, soon, and in the words of its face',
  { timeout: 300_000 },
  async (face) => {
    const { failures, statuses } = await fuzz({ cluster, face, inputs: shares[face], seed });
    expect(failures).toEqual([]);
    // Neither all refused nor all let in.
    expect(Math.min(statuses['200'] ?? 0, statuses['400'] ?? 0)).toBeGreaterThan(shares[face] / 20);
    expect(cluster.internalErrors()).toEqual([]);
  },
);

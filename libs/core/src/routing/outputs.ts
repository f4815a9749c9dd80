import { createLimitedMap } from './limited-map.ts';

/** Lengths of the last outputs, by model and tenant and by tenant. */
export interface Outputs {
  observe(model: string, tenant: string, tokens: number): void;
  /** Tokens of a whole output. */
  expected(model: string, tenant: string): number;
  /** Tokens of a whole output of which there are `soFar` already. */
  expectedBeyond(model: string, tenant: string, soFar: number): number;
  exported(): unknown;
  restore(kept: unknown): void;
}

/** The last lengths and their sum. */
interface Ring {
  readonly lengths: number[];
  /** Where the next one goes. */
  next: number;
  sum: number;
}

const remembered = 64;
const mostRings = 4_000;

/** Before anything is known. */
const priorTokens = 150;

/** What is known of less specific calls counts as so many samples. */
const priorSamples = 2;

/** Longer ones are no outputs. */
const mostTokens = 1_000_000;

export function createOutputs(): Outputs {
  const rings = createLimitedMap<Ring>(mostRings);

  const expectedOf = (tenant: string): number => shrunk(rings.get(tenantKey(tenant)), priorTokens);

  const expected = (model: string, tenant: string): number => shrunk(rings.get(key(model, tenant)), expectedOf(tenant));

  const add = (name: string, tokens: number): void => {
    const ring = rings.get(name) ?? { lengths: [], next: 0, sum: 0 };
    ring.sum += tokens - (ring.lengths[ring.next] ?? 0);
    ring.lengths[ring.next] = tokens;
    ring.next = (ring.next + 1) % remembered;
    rings.set(name, ring);
  };

  return {
    expected,
    observe(model, tenant, tokens) {
      if (!(tokens >= 0 && tokens <= mostTokens)) return;
      add(key(model, tenant), tokens);
      add(tenantKey(tenant), tokens);
    },
    expectedBeyond(model, tenant, soFar) {
      const mean = expected(model, tenant);
      if (soFar === 0) return mean;
      const ring = rings.get(key(model, tenant)) ?? rings.get(tenantKey(tenant));
      const longer = ring ? meanBeyond(ring.lengths, soFar) : undefined;
      // Lengths spread so widely that an output which is long already has about half of that to go.
      return longer ?? Math.max(mean, soFar * 1.5);
    },
    exported: () => [...rings].map(([name, { lengths, next }]) => [name, inOrder(lengths, next)]),
    restore(kept) {
      for (const [name, lengths] of entriesOf(kept)) for (const tokens of lengths) add(name, tokens);
    },
  };
}

/** No model's name is empty. */
function tenantKey(tenant: string): string {
  return key('', tenant);
}

function key(model: string, tenant: string): string {
  return `${model} ${tenant}`;
}

function shrunk(ring: Ring | undefined, prior: number): number {
  if (!ring) return prior;
  return (ring.sum + prior * priorSamples) / (ring.lengths.length + priorSamples);
}

function meanBeyond(lengths: readonly number[], soFar: number): number | undefined {
  let sum = 0;
  let count = 0;
  for (const tokens of lengths) {
    if (tokens <= soFar) continue;
    sum += tokens;
    count += 1;
  }
  return count > 0 ? sum / count : undefined;
}

/** Oldest first. */
function inOrder(lengths: readonly number[], next: number): number[] {
  return lengths.length < remembered ? [...lengths] : [...lengths.slice(next), ...lengths.slice(0, next)];
}

function entriesOf(kept: unknown): [string, number[]][] {
  if (!Array.isArray(kept)) return [];
  return kept.flatMap((entry: unknown): [string, number[]][] => {
    if (!Array.isArray(entry)) return [];
    const [name, lengths] = entry as unknown[];
    if (typeof name !== 'string' || !Array.isArray(lengths)) return [];
    const isLength = (value: unknown): value is number =>
      typeof value === 'number' && value >= 0 && value <= mostTokens;
    return [[name, (lengths as unknown[]).filter(isLength).slice(-remembered)]];
  });
}

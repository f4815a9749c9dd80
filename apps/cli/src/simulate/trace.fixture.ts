import type { Trace } from '../connection/api.ts';

type Call = Trace['calls'][number];
type Node = Trace['nodes'][number];

const model = {
  ...{ sizeBytes: 4e9, contextLength: 8_192, bytesPerToken: 100_000 },
  ...{ prefillPerSecond: 1_000, decodePerSecond: 50, loadMs: 8_000 },
};

/** A node with room for one model at a time. */
export function tracedNode(name: string, models: readonly string[], speed = 1): Node {
  const known = models.map((each) => ({ ...model, model: each, decodePerSecond: 50 * speed }));
  return { name, slots: 4, slotsPerRunner: 1, memoryBytes: 6e9, models: known } as unknown as Node;
}

export function tracedCall(changes: Partial<Call> = {}): Call {
  return {
    ...{ atMs: 0, model: 'a:latest', embed: false, priority: 'default', tenant: 0 },
    ...{ promptTokens: 200, outputTokens: 50, prefix: 0, prefixTokens: 0 },
    ...changes,
  } as Call;
}

/** Two models by turns, each call long over before the next comes: whoever does not look loads again and again. */
export function alternating(count: number): Trace {
  const calls = Array.from({ length: count }, (_, index) =>
    tracedCall({ atMs: index * 20_000, model: index % 2 === 0 ? 'a:latest' : 'b:latest', prefix: index }),
  );
  const nodes = ['x', 'y'].map((name) => tracedNode(name, ['a:latest', 'b:latest']));
  return { calls, nodes, windowMs: count * 20_000 };
}

import type { World } from '../contender.ts';

/** `full`: its model server answers every call with 503. */
export const faultKinds = ['kill', 'hang', 'slow', 'full'] as const;

export type FaultKind = (typeof faultKinds)[number];

/** Something that is wrong with a node for a while. */
export interface Fault {
  readonly kind: FaultKind;
  readonly node: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** So long, if the next one leaves as much time to get over it. */
const longestMs = 120_000;
const slowness = 10;

/** One fault after the other, spread over the time, all on the fastest node: most calls are there. */
export function faultsOf(
  { nodes }: World['fleet'],
  durationMs: number,
  kinds: readonly FaultKind[] = faultKinds,
): Fault[] {
  const { name: node } = nodes.reduce((fastest, other) => (other.bytesPerMs > fastest.bytesPerMs ? other : fastest));
  const everyMs = durationMs / (kinds.length + 1);
  const lastsMs = Math.min(longestMs, everyMs / 2);
  return kinds.map((kind, index) => {
    const fromMs = (index + 1) * everyMs;
    return { kind, node, fromMs, untilMs: fromMs + lastsMs };
  });
}

/** Lets the faults happen when their time comes. */
export function schedule({ timeline, nodes }: World, faults: readonly Fault[]): void {
  for (const { kind, node: name, fromMs, untilMs } of faults) {
    const node = nodes.find((other) => other.name === name)!;
    timeline.after(fromMs, () => turn(node, kind, true));
    timeline.after(untilMs, () => turn(node, kind, false));
  }
}

function turn({ machine, condition }: World['nodes'][number], kind: FaultKind, on: boolean): void {
  switch (kind) {
    case 'kill':
      condition.change({ reach: on ? 'down' : 'up' });
      if (on) machine.crash();
      return;
    case 'hang':
      machine.hang(on);
      condition.change({ reach: on ? 'silent' : 'up' });
      return;
    case 'slow':
      machine.slow(on ? slowness : 1);
      return;
    case 'full':
      condition.change({ isFull: on });
  }
}

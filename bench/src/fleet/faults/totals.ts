import type { Trouble } from './trouble.ts';

/** What each kind of fault did over all seeds, by policy: calls are summed up, of the rest the worst counts. */
export function totals(found: readonly Trouble[]): Trouble[] {
  const groups = Map.groupBy(found, ({ fault, policy }) => `${fault.kind} ${policy}`);
  return [...groups.values()].map((group) => {
    const sum = (read: (trouble: Trouble) => number): number => group.reduce((total, one) => total + read(one), 0);
    const calls = sum((one) => one.calls);
    const times = group.map(({ noticedAfterMs }) => noticedAfterMs).filter((time) => time !== undefined);
    return {
      ...{ policy: group[0]!.policy, fault: group[0]!.fault, calls },
      firstTokenMeanMs: sum((one) => one.calls * one.firstTokenMeanMs) / calls,
      failed: sum(({ failed }) => failed),
      cut: sum(({ cut }) => cut),
      refused: sum(({ refused }) => refused),
      noticedAfterMs: times.length === 0 ? undefined : Math.max(...times),
      longestLossMs: Math.max(...group.map(({ longestLossMs }) => longestLossMs)),
      sentLater: sum(({ sentLater }) => sentLater),
    };
  });
}

import type { Violation } from './check.ts';
import type { History } from './history.ts';
import type { Scenario } from './scenario.ts';

/** What many seeds come to. */
export interface Tally {
  add(scenario: Scenario, history: History, violations: readonly Violation[]): void;
  readonly violations: number;
  text(commit: string): string;
}

export function createTally(): Tally {
  const counts = { seeds: 0, nodes: 0, calls: 0, attempts: 0, ms: 0, violations: 0 };
  const faults = new Map<string, number>();
  const outcomes = new Map<string, number>();
  const failing = new Set<number>();
  return {
    add({ seed, nodes, faultsMs, calmMs }, { events }, violations) {
      counts.seeds += 1;
      counts.nodes += nodes.length;
      counts.ms += faultsMs + calmMs;
      counts.violations += violations.length;
      if (violations.length > 0) failing.add(seed);
      for (const event of events) {
        if (event.kind === 'asked') counts.calls += 1;
        else if (event.kind === 'sent') counts.attempts += 1;
        else if (event.kind === 'fault') increase(faults, event.what);
        else if (event.kind === 'killed' && event.by === 'prompt') increase(faults, 'poison');
        else if (event.kind === 'left') increase(faults, 'client leaves');
        else if (event.kind === 'ended') increase(outcomes, event.outcome);
      }
    },
    get violations() {
      return counts.violations;
    },
    text(commit) {
      const rows: (readonly [string, string])[] = [
        ['commit', commit],
        ['seeds', String(counts.seeds)],
        ['simulated hours', (counts.ms / 3_600_000).toFixed(1)],
        ['nodes', String(counts.nodes)],
        ['calls', String(counts.calls)],
        ['attempts', String(counts.attempts)],
        ['outcomes', list(outcomes)],
        ['faults', list(faults)],
        ['violations', String(counts.violations)],
        ...(failing.size > 0 ? [['failing seeds', [...failing].join(' ')] as const] : []),
      ];
      return rows.map(([name, value]) => `${name.padEnd(16)} ${value}`).join('\n');
    },
  };
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The most frequent first. */
function list(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

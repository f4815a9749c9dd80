import type { PolicyName } from '@tutti/core/cluster';
import { fleet, workload } from '@tutti/simulation';
import type { Setting } from '../match.ts';
import { figuresOf, type Figures } from '../metrics.ts';
import { run } from '../run.ts';
import { tuttiBy } from '../tutti.ts';
import { answersTo } from './call-body.ts';
import { startProcesses } from './processes.ts';
import { replay } from './replay.ts';
import { denserCalls, fasterFleet } from './scaled.ts';

/** One policy on simulated time, and in real time with processes. */
export interface Comparison {
  readonly policy: PolicyName;
  readonly virtual: Figures;
  readonly real: Figures;
}

const comparedPolicies: readonly PolicyName[] = ['cost', 'round-robin', 'least-busy'];

/** The first seed only. Everything is so many times as fast in both worlds, but for the programs and their own delays. */
export async function compareWorlds(
  { load, seeds, durationMs, ...setting }: Setting,
  speed: number,
  onPolicy: (policy: PolicyName) => void,
): Promise<Comparison[]> {
  const seed = seeds[0]!;
  const usual = fleet(setting.fleet, seed);
  const machines = fasterFleet(usual, speed);
  const calls = denserCalls(workload(usual, { seed, load, durationMs }), speed);
  const found: Comparison[] = [];
  for (const policy of comparedPolicies) {
    onPolicy(policy);
    const virtual = figuresOf(await run(tuttiBy(policy), machines, calls, durationMs / speed));
    const processes = await startProcesses(machines, policy, answersTo(calls));
    try {
      found.push({ policy, virtual, real: figuresOf(await replay(processes, calls)) });
    } finally {
      await processes.stop();
    }
  }
  return found;
}

/** How far a median may be off. */
export const tolerance = 0.2;

/** Policies by their mean total time in one of the worlds, the best first. */
export function ranking(found: readonly Comparison[], world: 'virtual' | 'real'): PolicyName[] {
  return found.toSorted((a, b) => a[world].total.meanMs - b[world].total.meanMs).map(({ policy }) => policy);
}

/** What the real median of all calls' total time is to the virtual one. */
export function medianRatio({ virtual, real }: Comparison): number {
  return real.total.p50Ms / virtual.total.p50Ms;
}

/** Whether both worlds tell the same. */
export function agree(found: readonly Comparison[]): boolean {
  const isSame = ranking(found, 'real').every((policy, rank) => policy === ranking(found, 'virtual')[rank]);
  return isSame && found.every((one) => Math.abs(medianRatio(one) - 1) <= tolerance);
}

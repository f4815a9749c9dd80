import { runLoad } from './load.ts';
import { cpuMs, eachProcess, rssBytes } from './process-cost.ts';
import { median, percentile } from './statistics.ts';
import type { Target } from './targets.ts';
import { oneAtATime, streams, wholeAnswers, works, type Effort, type Work } from './workload.ts';

/** CPU time in microseconds for each unit of work, by process. */
export type Cost = Readonly<Record<string, number>>;

/** What one target showed in one round. */
export interface Round {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requestsPerSecond: number;
  readonly requestCost: Cost;
  readonly tokenCost: Cost;
}

/** What one target showed in all rounds. */
export interface Result {
  readonly target: Target;
  readonly rounds: readonly Round[];
  /** At the end, in bytes, by process. */
  readonly rss: Readonly<Record<string, number>>;
}

interface Sample {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requestsPerSecond: number;
  readonly cost: Cost;
}

/** Runs all work on all targets, again and again in turns, so that what else the machine does meets all of them. */
export async function runRounds(targets: readonly Target[], effort: Effort): Promise<Result[]> {
  await runRound(targets, effort.warmUpMs);
  const rounds: Map<Target, Round>[] = [];
  for (let round = 0; round < effort.rounds; round++) rounds.push(await runRound(targets, effort.workMs));
  return Promise.all(
    targets.map(async (target) => ({
      target,
      rounds: rounds.map((round) => round.get(target)!),
      rss: await eachProcess(target.pids, rssBytes),
    })),
  );
}

/** The median over the rounds of whatever `read` takes from one. */
export function typical({ rounds }: Result, read: (round: Round) => number): number {
  return median(rounds.map(read));
}

/** The cost over all processes of a target. */
export function inAll(cost: Cost): number {
  return Object.values(cost).reduce((sum, us) => sum + us, 0);
}

async function runRound(targets: readonly Target[], limitMs: number): Promise<Map<Target, Round>> {
  const samples = new Map(targets.map((target) => [target, new Map<Work, Sample>()]));
  for (const work of works) {
    for (const target of targets) samples.get(target)!.set(work, await sample(target, work, limitMs));
  }
  return new Map(targets.map((target) => [target, roundOf(samples.get(target)!)]));
}

function roundOf(samples: ReadonlyMap<Work, Sample>): Round {
  const { p50Ms, p99Ms } = samples.get(oneAtATime)!;
  const { requestsPerSecond, cost } = samples.get(wholeAnswers)!;
  return { p50Ms, p99Ms, requestsPerSecond, requestCost: cost, tokenCost: perToken(samples.get(streams)!.cost) };
}

function perToken(cost: Cost): Cost {
  return Object.fromEntries(Object.entries(cost).map(([name, us]) => [name, us / streams.tokens]));
}

async function sample(target: Target, work: Work, limitMs: number): Promise<Sample> {
  const before = await eachProcess(target.pids, cpuMs);
  const { elapsedMs, latenciesMs } = await runLoad(target.url, work, limitMs);
  const after = await eachProcess(target.pids, cpuMs);
  const requests = latenciesMs.length;
  const cost = Object.keys(after).map((name) => [name, ((after[name]! - before[name]!) * 1_000) / requests] as const);
  return {
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    requestsPerSecond: (requests / elapsedMs) * 1_000,
    cost: Object.fromEntries(cost),
  };
}

import { runLoad } from '../load.ts';
import { cpuMs, eachProcess } from '../process-cost.ts';
import { inAll } from '../rounds.ts';
import { median } from '../statistics.ts';
import type { Target } from '../targets.ts';
import type { Work } from '../workload.ts';
import { pairs } from './workload.ts';

export interface Translation {
  readonly name: string;
  /** CPU of all our processes for a request, in microseconds. */
  readonly nativeUs: number;
  readonly translatedUs: number;
  /** Median over the rounds. */
  readonly ratio: number;
}

/** What it costs to answer in OpenAI's words what is asked of a backend in Ollama's. Both take turns. */
export async function measureTranslation(target: Target, rounds: number, workMs: number): Promise<Translation[]> {
  const results = [];
  for (const { name, native, translated } of pairs) {
    await costOf(target, native, workMs);
    await costOf(target, translated, workMs);
    const costs: { native: number; translated: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      costs.push({
        native: await costOf(target, native, workMs),
        translated: await costOf(target, translated, workMs),
      });
    }
    results.push({
      name,
      nativeUs: median(costs.map((cost) => cost.native)),
      translatedUs: median(costs.map((cost) => cost.translated)),
      ratio: median(costs.map((cost) => cost.translated / cost.native)),
    });
  }
  return results;
}

async function costOf(target: Target, work: Work, limitMs: number): Promise<number> {
  const before = await eachProcess(target.pids, cpuMs);
  const { latenciesMs } = await runLoad(target.url, work, limitMs);
  const after = await eachProcess(target.pids, cpuMs);
  return ((inAll(after) - inAll(before)) * 1_000) / latenciesMs.length;
}

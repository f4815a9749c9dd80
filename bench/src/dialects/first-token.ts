import { Pool } from 'undici';
import { percentile } from '../statistics.ts';
import type { Target } from '../targets.ts';
import { firstTokens } from './workload.ts';

export interface FirstToken {
  readonly target: Target['name'];
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Time from sending a request to the first byte of its stream, many streams at a time; the targets take turns. */
export async function measureFirstTokens(targets: readonly Target[], rounds: number): Promise<FirstToken[]> {
  const times = new Map(targets.map((target) => [target, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const target of targets) {
      const found = await firstTokensOf(target);
      // The first round only warms up.
      if (round > 0) times.get(target)!.push(...found);
    }
  }
  return targets.map((target) => ({
    target: target.name,
    p50Ms: percentile(times.get(target)!, 0.5),
    p99Ms: percentile(times.get(target)!, 0.99),
  }));
}

/** Each client sends so many requests, one after the other. */
const requestsEach = 5;

async function firstTokensOf({ url }: Target): Promise<number[]> {
  const { path, body, concurrency } = firstTokens;
  const pool = new Pool(url, { connections: concurrency });
  const times: number[] = [];
  const client = async (): Promise<void> => {
    for (let request = 0; request < requestsEach; request++) {
      const sentAt = performance.now();
      const response = await pool.request({ method: 'POST', path, body });
      let first = true;
      for await (const _ of response.body) {
        if (first) times.push(performance.now() - sentAt);
        first = false;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, client));
  await pool.destroy();
  return times;
}

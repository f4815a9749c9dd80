import { ask, type Outcome } from '../ask.ts';
import { startChaosCluster } from '../chaos-cluster.ts';
import type { Figure } from '../figure.ts';
import { closedLoop, openLoop } from '../load.ts';
import { milliseconds, percent, percentile } from '../statistics.ts';

const forMs = { sample: 5_000, small: 8_000, full: 60_000 };

const tokens = 10;
const [nodes, slots] = [2, 4];
const warmUpMs = 3_000;

/** F6: ten times as many calls as there is room for, in an open loop. */
export const overload: Figure = async (size) => {
  const cluster = await startChaosCluster({
    ...{ nodes, slots, tokens, firstTokenDelayMs: 20, tokenDelayMs: 40 },
    orchestratorArgs: ['--queue-size', '24'],
  });
  try {
    const { url } = cluster.orchestrator;
    let call = 0;
    const one = (): Promise<Outcome> => ask({ url, call: call++, tokens });
    const until = performance.now() + warmUpMs;
    const before: Outcome[] = [];
    await closedLoop(nodes * slots + 4, () =>
      performance.now() < until ? async () => void before.push(await one()) : undefined,
    );
    const capacity = goodput(before);
    const startedAt = performance.now();
    const outcomes = await openLoop(capacity * 10, forMs[size], one);
    const overAt = startedAt + forMs[size];
    const idleMs = performance.now() - overAt;
    const probe = await one();
    const recoveryMs = idleMs + (probe.fate === 'complete' ? probe.durationMs : Infinity);
    const served = outcomes.filter(({ fate }) => fate === 'complete');
    const refused = outcomes.filter(({ fate }) => fate === 'refused');
    const part = goodput(served) / capacity;
    const refusalMs = percentile(
      refused.map(({ durationMs }) => durationMs),
      0.99,
    );
    const common = { figure: 'F6', trials: outcomes.length };
    return [
      {
        ...common,
        claim: `${forMs[size] / 1_000} s of ten times the load that fits (open loop): the work done stays what it was`,
        measured: `${percent(part)} of ${capacity.toFixed(1)} calls/s; ${served.length} served, ${refused.length} refused, ${outcomes.length - served.length - refused.length} other`,
        bar: '90 %, 0 other',
        ok: part >= 0.9 && served.length + refused.length === outcomes.length,
      },
      {
        ...common,
        claim: 'who cannot be served is told at once',
        measured: `p99 ${milliseconds(refusalMs)}`,
        bar: '50 ms',
        ok: refusalMs < 50,
      },
      {
        ...common,
        claim: 'all is as before soon after',
        measured: `queue empty and a call answered after ${milliseconds(recoveryMs)}`,
        bar: '5,000 ms',
        ok: recoveryMs <= 5_000,
      },
    ];
  } finally {
    await cluster.stop();
  }
};

/** Calls a second that were answered, from the first end to the last. */
function goodput(outcomes: readonly Outcome[]): number {
  const ends = outcomes.map(({ startedAt, durationMs }) => startedAt + durationMs);
  return ((ends.length - 1) * 1_000) / (Math.max(...ends) - Math.min(...ends));
}

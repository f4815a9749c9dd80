import { seededRandom } from '@tutti/testing';
import { ask, reasons, type Outcome } from '../ask.ts';
import { startChaosCluster } from '../chaos-cluster.ts';
import type { Figure, Result } from '../figure.ts';
import { closedCalls, pause, repeated } from '../load.ts';
import { failuresText } from '../statistics.ts';

const calls = { sample: 200, small: 400, full: 10_000 };

const tokens = 50;
const everyMs = 2_000;
const downMs = 1_000;

/** F1: agents die again and again; clients notice nothing, or are told. */
export const killed: Figure = async (size, seed) => {
  const random = seededRandom(seed);
  const cluster = await startChaosCluster({ nodes: 4, slots: 2, tokens, firstTokenDelayMs: 10, tokenDelayMs: 4 });
  try {
    const restarts: Promise<void>[] = [];
    const killing = repeated(async () => {
      await pause(everyMs);
      // A node that gets calls, and another one must be left: with none the calls would wait for the restarts.
      const ready = await cluster.ready();
      if (ready.length > 1) restarts.push(ready[Math.floor(random() * ready.length)]!.killed(downMs));
    });
    const { url } = cluster.orchestrator;
    const outcomes = await closedCalls(8, calls[size], (call) => ask({ url, call, tokens }));
    await killing.stop();
    await Promise.all(restarts);
    return [beforeFirstToken(outcomes, restarts.length), afterIt(outcomes, restarts.length)];
  } finally {
    await cluster.stop();
  }
};

function beforeFirstToken(outcomes: readonly Outcome[], kills: number): Result {
  const refused = outcomes.filter(({ fate, status }) => fate === 'refused' || status !== 200);
  return {
    figure: 'F1',
    claim: `an agent killed every ${everyMs / 1_000} s (${kills} kills): no call fails before its first token`,
    trials: outcomes.length,
    measured: failuresText(refused.length, outcomes.length) + reasons(refused),
    bar: '0',
    ok: refused.length === 0,
  };
}

function afterIt(outcomes: readonly Outcome[], kills: number): Result {
  const count = (wanted: Outcome['fate']): number => outcomes.filter(({ fate }) => fate === wanted).length;
  const [broken, silent, wrong] = [count('broken'), count('silent'), count('wrong')];
  return {
    figure: 'F1',
    claim:
      'after its first token a call that loses its node ends with an explicit error, its tokens neither doubled nor mixed',
    trials: outcomes.length,
    measured: `${broken} cut by ${kills} kills, all told; silent or wrong: ${failuresText(silent + wrong, outcomes.length)}`,
    bar: '0 silent, 0 wrong',
    ok: silent + wrong === 0,
  };
}

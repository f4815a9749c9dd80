import { seededRandom } from '@tutti/testing';
import { ask } from '../ask.ts';
import { startChaosCluster, type ChaosNode } from '../chaos-cluster.ts';
import type { Figure } from '../figure.ts';
import { closedLoop } from '../load.ts';
import { eventually } from '../../processes.ts';
import { failuresText, milliseconds, percentile } from '../statistics.ts';

const trials = { sample: 300, small: 600, full: 100_000 };

const tokens = 20;
const [firstTokenDelayMs, tokenDelayMs] = [20, 4];
const wholeMs = firstTokenDelayMs + tokens * tokenDelayMs;
const longestCancelMs = 200;

/** F8: clients hang up at any time. One client a node, so that it is known whose request the model server loses. */
export const hangUps: Figure = async (size, seed) => {
  const random = seededRandom(seed);
  const cluster = await startChaosCluster({ nodes: 4, slots: 1, tokens, firstTokenDelayMs, tokenDelayMs });
  try {
    const { url } = cluster.orchestrator;
    const cancelMs: number[] = [];
    let call = 0;
    let wrong = 0;

    const hangUp = async ({ name, fake }: ChaosNode): Promise<void> => {
      const leaving = new AbortController();
      const asked = ask({ url, call: call++, tokens, headers: { 'x-tutti-node': name }, signal: leaving.signal });
      let leftAt = Infinity;
      const timer = setTimeout(
        () => {
          leftAt = performance.now();
          if (fake.live > 0) void fake.whenIdle().then(() => cancelMs.push(performance.now() - leftAt));
          leaving.abort();
        },
        random() * wholeMs * 1.2,
      );
      const { fate } = await asked;
      clearTimeout(timer);
      if (fate !== 'left' && fate !== 'complete') wrong++;
      await fake.whenIdle();
    };
    await Promise.all(
      cluster.nodes.map((node) => closedLoop(1, () => (call < trials[size] ? () => hangUp(node) : undefined))),
    );
    await eventually(async () => (await cluster.occupied()) === 0, 'no slot is taken');
    const p99 = percentile(cancelMs, 0.99);
    return [
      {
        figure: 'F8',
        claim: 'clients hang up at any time: the model server is told at once',
        trials: cancelMs.length,
        measured: `p99 ${milliseconds(p99)}, longest ${milliseconds(Math.max(...cancelMs))}`,
        bar: milliseconds(longestCancelMs),
        ok: p99 <= longestCancelMs,
      },
      {
        figure: 'F8',
        claim: 'those who stay get their answer, and afterwards no slot is taken',
        trials: call,
        measured: failuresText(wrong, call),
        bar: '0',
        ok: wrong === 0,
      },
    ];
  } finally {
    await cluster.stop();
  }
};

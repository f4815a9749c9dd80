import { ask, reasons, type Outcome } from '../ask.ts';
import { startChaosCluster, type ChaosNode } from '../chaos-cluster.ts';
import type { Figure } from '../figure.ts';
import { closedLoop, pause } from '../load.ts';
import { failuresText } from '../statistics.ts';

const sizes = {
  sample: { nodes: 3, poisons: 2, calls: 60 },
  small: { nodes: 4, poisons: 4, calls: 150 },
  full: { nodes: 8, poisons: 100, calls: 5_000 },
};

const tokens = 20;
const poison = 'poison';
/** A node dies while it reads the prompt: after the end of the answer before has gone out, and before any token. */
const [readMs, diesAfterMs] = [300, 60];
const downMs = 100;

/** F4: prompts that kill whatever reads them. Each node runs one call at a time, so that no other dies in mid-answer. */
export const poisoned: Figure = async (size) => {
  const { nodes, poisons, calls } = sizes[size];
  const deaths = new Map<string, number>();
  const restarts = new Set<Promise<void>>();
  const onPrompt = (node: ChaosNode, prompt: string): void => {
    if (!prompt.startsWith(poison)) return;
    deaths.set(prompt, (deaths.get(prompt) ?? 0) + 1);
    const restart = pause(diesAfterMs)
      .then(() => node.killed(downMs))
      .finally(() => restarts.delete(restart));
    restarts.add(restart);
  };
  const cluster = await startChaosCluster({
    nodes,
    slots: 1,
    tokens,
    firstTokenDelayMs: readMs,
    tokenDelayMs: 4,
    onPrompt,
  });
  try {
    const { url } = cluster.orchestrator;
    const outcomes: Outcome[] = [];
    const refusals: Outcome[] = [];
    let call = 0;
    const innocent = async (own: number): Promise<void> => void outcomes.push(await ask({ url, call: own, tokens }));
    const poisonous = async (prompt: string): Promise<void> => {
      refusals.push(await ask({ url, call: -1, tokens, prompt }));
      await Promise.all(restarts);
    };
    const others = closedLoop(nodes, () => {
      if (call >= calls && refusals.length >= poisons) return undefined;
      const own = call++;
      return () => innocent(own);
    });
    for (let turn = 0; turn < poisons; turn++) await poisonous(`${poison} ${turn}`);
    await others;
    const failed = outcomes.filter(({ fate }) => fate !== 'complete');
    const most = Math.max(...deaths.values());
    const refused = refusals.filter(({ fate }) => fate === 'refused').length;
    return [
      {
        figure: 'F4',
        claim: 'a prompt that kills nodes is stopped',
        trials: poisons,
        measured: `at most ${most} nodes died of one prompt, ${refused} of ${poisons} refused with an error`,
        bar: '2 nodes a prompt, all refused',
        ok: most <= 2 && refused === poisons,
      },
      {
        figure: 'F4',
        claim: 'no other call fails for it',
        trials: outcomes.length,
        measured: failuresText(failed.length, outcomes.length) + reasons(failed),
        bar: '0',
        ok: failed.length === 0,
      },
    ];
  } finally {
    await Promise.all(restarts);
    await cluster.stop();
  }
};

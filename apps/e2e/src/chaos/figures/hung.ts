import { ask, reasons } from '../ask.ts';
import { startChaosCluster } from '../chaos-cluster.ts';
import type { Figure } from '../figure.ts';
import { closedCalls, pause, repeated } from '../load.ts';
import { failuresText, milliseconds } from '../statistics.ts';

const calls = { sample: 100, small: 200, full: 2_000 };
const hungMs = { sample: 4_000, small: 5_000, full: 20_000 };

const tokens = 50;

/** The agents of the rig are pinged each second and have half a second to answer; then comes another node's first token. */
const longestStallMs = 1_500 + 1_000;

/** F2: one agent after the other hangs; its calls move, or are told. */
export const hung: Figure = async (size) => {
  const cluster = await startChaosCluster({ nodes: 4, slots: 2, tokens, firstTokenDelayMs: 10, tokenDelayMs: 8 });
  try {
    let hangs = 0;
    const hanging = repeated(async (turn) => {
      const { agent } = cluster.nodes[turn % cluster.nodes.length]!;
      await pause(1_000);
      agent.kill('SIGSTOP');
      hangs++;
      await pause(hungMs[size]);
      agent.kill('SIGCONT');
    });
    const { url } = cluster.orchestrator;
    const outcomes = await closedCalls(6, calls[size], (call) => ask({ url, call, tokens }));
    await hanging.stop();
    const refused = outcomes.filter(({ fate, status }) => fate === 'refused' || status !== 200);
    const untold = outcomes.filter(({ fate }) => fate === 'silent' || fate === 'wrong');
    const stallMs = Math.max(...outcomes.map((outcome) => outcome.stallMs));
    const told = outcomes.filter(({ fate }) => fate === 'broken').length;
    const common = { figure: 'F2', trials: outcomes.length };
    return [
      {
        ...common,
        claim: `an agent stopped for ${hungMs[size] / 1_000} s, ${hangs} times: no call fails before its first token`,
        measured: failuresText(refused.length, outcomes.length) + reasons(refused),
        bar: '0',
        ok: refused.length === 0,
      },
      {
        ...common,
        claim: 'no client waits longer than the pings take, and none is left without a word',
        measured: `longest stall ${milliseconds(stallMs)}; ${told} cut and told; silent or wrong: ${failuresText(untold.length, outcomes.length)}`,
        bar: `${milliseconds(longestStallMs)}; 0 silent, 0 wrong`,
        ok: stallMs <= longestStallMs && untold.length === 0,
      },
    ];
  } finally {
    await cluster.stop();
  }
};

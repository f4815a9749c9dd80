import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { jsonBody, startExposedCluster, type ExposedCluster } from '../../exposed-cluster.ts';
import { stopAll } from '../../processes.ts';
import { ask, reasons, type Outcome } from '../ask.ts';
import { chaosModel } from '../chaos-cluster.ts';
import type { Figure } from '../figure.ts';
import { openLoop } from '../load.ts';
import { numberedAnswer } from '../numbered.ts';
import { jain, milliseconds, percentile } from '../statistics.ts';

const forMs = { sample: 5_000, small: 12_000, full: 120_000 };

const tokens = 10;
const nodes = ['node0', 'node1'];
const slots = 4;
const lightUsers = 9;
const lightPerSecond = 0.3;
const heavyPerSecond = lightPerSecond * 100;

/** F7: one user asks for a hundred times as much as each of nine others, and for more than there is. */
export const fairness: Figure = async (size) => {
  const cluster = await startExposedCluster(['--log-level', 'warn']);
  const fakes = await Promise.all(nodes.map(() => startFake()));
  try {
    await Promise.all(nodes.map((name, index) => cluster.join({ name, args: agentArgs(fakes[index]!) })));
    await cluster.ready(...nodes);
    const { url } = cluster.orchestrator;
    const [heavyKey, ...lightKeys] = await Promise.all(
      ['heavy', ...Array.from({ length: lightUsers }, (_, user) => `light${user}`)].map((name) => keyOf(cluster, name)),
    );
    let call = 0;
    const asks = (key: string, perSecond: number): Promise<Outcome[]> =>
      openLoop(perSecond, forMs[size], () =>
        ask({ url, call: call++, tokens, headers: { authorization: `Bearer ${key}` } }),
      );
    const light = (): Promise<Outcome[][]> => Promise.all(lightKeys.map((key) => asks(key, lightPerSecond)));
    const alone = await light();
    const [beside, heavy] = await Promise.all([light(), asks(heavyKey!, heavyPerSecond)]);
    const all = beside.flat();
    const [aloneMs, besideMs] = [p95(alone.flat()), p95(all)];
    const failed = all.filter(({ fate }) => fate !== 'complete');
    const index = jain(beside.map((own) => own.reduce((sum, { durationMs }) => sum + durationMs, 0) / own.length));
    const served = heavy.filter(({ fate }) => fate === 'complete').length;
    return [
      {
        figure: 'F7',
        claim: `one key asks 100 times as much as each of ${lightUsers} others (open loop): the others hardly notice`,
        trials: all.length,
        measured: `p95 ${milliseconds(besideMs)}, alone ${milliseconds(aloneMs)}: ${(besideMs / aloneMs).toFixed(2)}; Jain ${index.toFixed(3)}; ${failed.length} failed${reasons(failed)}; ${served} of the heavy one's ${heavy.length} served`,
        bar: '1.5 times, Jain 0.95, 0 failed',
        ok: besideMs <= 1.5 * aloneMs && index >= 0.95 && failed.length === 0,
      },
    ];
  } finally {
    await stopAll();
    await Promise.all(fakes.map((fake) => fake.close()));
  }
};

function startFake(): Promise<FakeOllama> {
  return startFakeOllama({
    ...{ models: [chaosModel], parallel: slots, firstTokenDelayMs: 20, tokenDelayMs: 40, keepRequests: 0 },
    answer: (prompt) => numberedAnswer(prompt, tokens),
  });
}

const agentArgs = ({ url }: FakeOllama): string[] => [
  ...['--backend', 'ollama', '--llama-base-url', url, '--ollama-num-parallel', String(slots), '--log-level', 'warn'],
];

async function keyOf({ json }: ExposedCluster, name: string): Promise<string> {
  return (await json<{ secret: string }>('/api/keys', jsonBody({ name, role: 'user' }))).secret;
}

function p95(outcomes: readonly Outcome[]): number {
  return percentile(
    outcomes.map(({ durationMs }) => durationMs),
    0.95,
  );
}

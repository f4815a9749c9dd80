import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll, type Orchestrator } from '../../processes.ts';
import { startRelayedRegistry } from '../../relayed-registry.ts';
import { ask } from '../ask.ts';
import { chaosModel, startChaosCluster } from '../chaos-cluster.ts';
import type { Figure, Result } from '../figure.ts';
import { milliseconds, percentile } from '../statistics.ts';

const times = { sample: 3, small: 3, full: 50 };

const slowTimes = { sample: 1, small: 1, full: 10 };

/** The pings of the rig: one each second, half a second to answer. */
const pingsMs = 1_500;
const tokens = 10;
/** So many calls in a row elsewhere, and a node counts as avoided. */
const callsElsewhere = 10;

/** F17: how long until a node that fails gets no calls. */
export const detection: Figure = async (size) => [
  await signalled(times[size], 'SIGKILL', 50),
  await signalled(times[size], 'SIGSTOP', pingsMs + 100),
  await cut(times[size], 'reset', 50),
  await cut(times[size], 'stall', pingsMs + 100),
  await slowed(slowTimes[size]),
];

/** Milliseconds until no node is ready. Asked without a pause: what is looked at lives in another process. */
async function untilOut({ url }: Orchestrator): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const { nodes } = (await (await fetch(`${url}/health`)).json()) as { nodes: { healthy: number } };
    if (nodes.healthy === 0) return performance.now() - startedAt;
    if (performance.now() - startedAt > 60_000) return Infinity;
  }
}

async function signalled(count: number, signal: 'SIGKILL' | 'SIGSTOP', barMs: number): Promise<Result> {
  const cluster = await startChaosCluster({ nodes: 1, slots: 1, tokens });
  const node = cluster.nodes[0]!;
  try {
    const found: number[] = [];
    for (let time = 0; time < count; time++) {
      if (signal === 'SIGSTOP') node.agent.kill(signal);
      const back = signal === 'SIGKILL' ? node.killed(500) : undefined;
      found.push(await untilOut(cluster.orchestrator));
      node.agent.kill('SIGCONT');
      await back;
      await nodesReady(cluster.orchestrator, 1);
    }
    return resultOf(signal === 'SIGKILL' ? 'an agent dies' : 'an agent hangs', found, barMs);
  } finally {
    await cluster.stop();
  }
}

async function cut(count: number, kind: 'reset' | 'stall', barMs: number): Promise<Result> {
  const orchestrator = await startOrchestrator(['--log-level', 'warn']);
  const registry = await startRelayedRegistry(orchestrator);
  let fake: FakeOllama | undefined;
  try {
    fake = await startFakeOllama({ models: [chaosModel] });
    await startAgent({ name: 'node0', orchestrators: [registry], ollamaUrl: fake.url });
    await nodesReady(orchestrator, 1);
    const proxy = await eventually(() => registry.proxy, 'the agent has registered');
    const found: number[] = [];
    for (let time = 0; time < count; time++) {
      await proxy.set({ kind });
      found.push(await untilOut(orchestrator));
      await proxy.set(undefined);
      await nodesReady(orchestrator, 1);
    }
    return resultOf(`the way to an agent ${kind === 'reset' ? 'is reset' : 'goes silent'}`, found, barMs);
  } finally {
    await stopAll();
    await registry.close();
    await fake?.close();
  }
}

/** A model server becomes ten times slower: when the last call began that went there before ten in a row did not. */
async function slowed(count: number): Promise<Result> {
  const found: number[] = [];
  for (let time = 0; time < count; time++) {
    const cluster = await startChaosCluster({ nodes: 2, slots: 1, tokens, firstTokenDelayMs: 10, tokenDelayMs: 10 });
    try {
      const { url } = cluster.orchestrator;
      // Both have the model in memory, and are known: a load would cost more than a slow node does.
      for (let call = 0; call < 20; call++) {
        await ask({ url, call, tokens, headers: { 'x-tutti-node': cluster.nodes[call % 2]!.name } });
      }
      const { node } = await ask({ url, call: 20, tokens });
      cluster.nodes.find(({ name }) => name === node)!.fake.fail('slow', { times: Infinity, delayMs: 90 });
      found.push(await untilAvoided(url, node));
    } finally {
      await cluster.stop();
    }
  }
  return resultOf('a model server becomes ten times slower', found, 60_000);
}

async function untilAvoided(url: string, slowNode: string): Promise<number> {
  const since = performance.now();
  let [lastThere, elsewhere] = [since, 0];
  for (let call = 0; elsewhere < callsElsewhere; call++) {
    const { node, startedAt, durationMs } = await ask({ url, call, tokens });
    if (startedAt - since > 70_000) return Infinity;
    if (node === slowNode) [lastThere, elsewhere] = [startedAt + durationMs, 0];
    else elsewhere++;
  }
  return lastThere - since;
}

function resultOf(what: string, found: readonly number[], barMs: number): Result {
  const p99 = percentile(found, 0.99);
  return {
    figure: 'F17',
    claim: `${what}: the time until it gets no calls`,
    trials: found.length,
    measured: `p99 ${milliseconds(p99)}, median ${milliseconds(percentile(found, 0.5))}`,
    bar: milliseconds(barMs),
    ok: p99 <= barMs,
  };
}

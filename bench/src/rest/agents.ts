/**
 * Many agents in one process: each with a server, a connection to the orchestrator, heartbeats, and reports as often and
 * as large as those of a real one at rest. None of them runs a call.
 */
import { ClusterError, onAbort } from '@tutti/core';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { addService, createChannel, createClient, createServer, listen } from '@tutti/rpc';
import { announceReady, systemClock as clock } from '@tutti/runtime';
import {
  createMachine,
  createSimulatedNode,
  fleet,
  hardwareOf,
  type FleetNode,
  type SimulatedNode,
} from '@tutti/simulation';

const [grpcPort, count] = process.argv.slice(2).map(Number);

/** As agents have it by default. */
const keepalive = { keepaliveMs: 10_000, keepaliveTimeoutMs: 5_000 };
/** Of the short calls to the orchestrator. */
const deadline = { deadlineMs: 15_000 };
const protocolVersion = 1;
const enteringAtATime = 20;

async function enter(node: FleetNode): Promise<void> {
  const { name, profile, models } = node;
  const bootId = `boot-${name}`;
  const simulated = createSimulatedNode({
    ...{ name, profile, models, bootId, clock, hardware: hardwareOf(node), random: Math.random },
    machine: createMachine(profile, models, clock),
    work() {
      throw new ClusterError('not_implemented', 'This agent only rests.');
    },
  });
  const server = createServer(keepalive);
  addService(server, AgentService, {
    async *watch(_, { signal }) {
      for await (const state of states(simulated, signal)) yield { state };
    },
  });
  const { port } = await listen({ server, http: (_, response) => void response.end(), host: '127.0.0.1', port: 0 });
  const registry = createClient(createChannel(`127.0.0.1:${grpcPort}`, keepalive), RegistryService, deadline);
  const address = `:${port}`;
  const { epoch, heartbeatIntervalMs } = await registry.register({
    nodeId: name,
    bootId,
    name,
    address,
    protocolVersion,
  });
  let seq = 0;
  const beat = (): void => {
    void registry.heartbeat({ nodeId: name, epoch, bootId, seq: ++seq, address });
    clock.after(heartbeatIntervalMs, beat);
  };
  clock.after(heartbeatIntervalMs, beat);
}

/** Each state of the node, until the signal aborts; what a slow reader misses was replaced. */
async function* states(node: SimulatedNode, signal: AbortSignal): AsyncGenerator<NodeState> {
  let latest: NodeState | undefined;
  let wake = (): void => {};
  const stop = node.watch((state) => {
    latest = state;
    wake();
  });
  const forget = onAbort(signal, () => wake());
  try {
    while (!signal.aborted) {
      const changed = new Promise<void>((resolve) => (wake = resolve));
      if (!latest) await changed;
      else {
        const state = latest;
        latest = undefined;
        yield state;
      }
    }
  } finally {
    stop();
    forget();
  }
}

const waiting = [...fleet(count!, 1).nodes];
await Promise.all(
  Array.from({ length: enteringAtATime }, async () => {
    for (let node = waiting.pop(); node; node = waiting.pop()) await enter(node);
  }),
);
announceReady({});
process.once('disconnect', () => process.exit());

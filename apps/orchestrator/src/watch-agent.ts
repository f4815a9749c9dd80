import { ClusterError, pause, type Clock } from '@tutti/core';
import type { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { Client } from '@tutti/rpc';

/** Between two attempts to watch an agent that is registered and does not answer. */
const redialMs = 500;

interface WatchEvents {
  state(state: NodeState): void;
  broken(error: ClusterError): void;
}

/** Reads an agent's state until the signal; dials again whenever the stream ends. */
export async function watchAgent(
  agent: Client<typeof AgentService>,
  owner: string,
  clock: Clock,
  signal: AbortSignal,
  events: WatchEvents,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const { state } of agent.watch({ owner }, { signal, deadlineMs: Infinity })) {
        if (state) events.state(state);
      }
      throw new ClusterError('node_unreachable', 'The agent closed the connection.');
    } catch (thrown) {
      if (signal.aborted) return;
      events.broken(ClusterError.from(thrown));
    }
    await pause(clock, redialMs, signal);
  }
}

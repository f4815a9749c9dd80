import { ClusterError, linkedController, pause, type Clock } from '@tutti/core';
import type { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { Client } from '@tutti/rpc';

/** Between two attempts to watch an agent that is registered and does not answer. */
const redialMs = 500;

/** An agent has its first report at hand. */
const firstReportMs = 15_000;

interface WatchEvents {
  /** A stream begins. */
  begin(): void;
  /** A report came. What this throws ends the stream. */
  state(state: NodeState): void;
  /** The stream has ended. */
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
    const { controller, unlink } = linkedController(signal);
    const silence = new ClusterError('upstream_timeout', 'The agent takes the connection and reports nothing.');
    const stopTimer = clock.after(firstReportMs, () => controller.abort(silence));
    try {
      events.begin();
      for await (const { state } of agent.watch({ owner }, { signal: controller.signal, deadlineMs: Infinity })) {
        stopTimer();
        if (state) events.state(state);
      }
      throw new ClusterError('node_unreachable', 'The agent closed the connection.');
    } catch (thrown) {
      if (signal.aborted) return;
      events.broken(ClusterError.from(thrown));
    } finally {
      stopTimer();
      unlink();
    }
    await pause(clock, redialMs, signal);
  }
}

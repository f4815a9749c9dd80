import { ClusterError, onAbort, type Clock, type Reason } from '@tutti/core';
import type { Dispatch } from '@tutti/proto/tutti/agent/v1/dispatch';
import type { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { Client } from '@tutti/rpc';
import type { Log } from '@tutti/runtime/log';

/** Version of the protocol in proto/tutti/agent/v1 that this agent speaks. */
const protocolVersion = 1;

/** Between attempts to reach an orchestrator that does not answer. */
const firstRetryMs = 100;
const lastRetryMs = 2_000;

/** Refusals that do not change by asking again, and what to do about them. */
const final: Partial<Record<Reason, string>> = {
  stale_epoch: 'another agent with the same node id has taken over; give this one a data folder of its own',
  forbidden: 'this machine was removed from the cluster; join anew with a fresh token',
};

/** Who this agent is. */
export interface Identity {
  readonly nodeId: string;
  readonly bootId: string;
  /** For people; unique in the cluster. */
  readonly name: string;
  /** Where orchestrators dial: "host:port", or ":port" for the host that they see. */
  readonly address: string;
}

/** The agent's standing with its orchestrators. */
export interface Registration {
  /** Throws `stale_epoch` unless the dispatch means this process, under its last registration, whose lease still runs. */
  check(dispatch: Dispatch): void;
  /** An orchestrator stopped watching: asks at once whether it still knows this node. */
  nudge(orchestratorId: string): void;
  close(): Promise<void>;
}

interface Options {
  readonly identity: Identity;
  readonly agentVersion: string;
  readonly registries: readonly Client<typeof RegistryService>[];
  readonly clock: Clock;
  readonly log: Log;
  /** Said beside the reason while an orchestrator cannot be reached. */
  readonly advice?: string | undefined;
}

/** Registers with every orchestrator and renews each lease, for as long as the process lives. */
export function createRegistration({ identity, agentVersion, registries, clock, log, advice }: Options): Registration {
  const { nodeId, bootId, name, address } = identity;
  const stop = new AbortController();
  const leases = new Map<string, { readonly epoch: number; readonly endsAt: number }>();
  const wakers = new Map<string, () => void>();
  /** Orchestrators whose lease is being renewed: two addresses may lead to one. */
  const kept = new Set<string>();

  const pause = (delayMs: number, owner?: string): Promise<void> =>
    new Promise((resolve) => {
      let forget = (): void => {};
      const wake = (): void => {
        cancel();
        forget();
        resolve();
      };
      const cancel = clock.after(delayMs, wake);
      if (owner !== undefined) wakers.set(owner, wake);
      forget = onAbort(stop.signal, wake);
    });

  /** Registers once and sends heartbeats until one fails, unless another address of the same orchestrator serves for that. */
  const hold = async (registry: Client<typeof RegistryService>, onRegistered: () => void): Promise<void> => {
    const { signal } = stop;
    let askedAt = clock.now();
    const lease = await registry.register({ nodeId, bootId, name, address, protocolVersion, agentVersion }, { signal });
    const { orchestratorId, heartbeatIntervalMs, leaseMs } = lease;
    // From the moment of asking: it ends here no later than there. A registration through another address may be newer.
    const renewed = (epoch: number): void => {
      if (epoch >= (leases.get(orchestratorId)?.epoch ?? 0))
        leases.set(orchestratorId, { epoch, endsAt: askedAt + leaseMs });
    };
    renewed(lease.epoch);
    log.info('registered', { orchestrator: orchestratorId, epoch: lease.epoch });
    onRegistered();
    if (kept.has(orchestratorId)) return reserve(orchestratorId);
    kept.add(orchestratorId);
    try {
      for (let seq = 1; ; seq++) {
        await pause(heartbeatIntervalMs, orchestratorId);
        const { epoch } = leases.get(orchestratorId)!;
        askedAt = clock.now();
        await registry.heartbeat({ nodeId, epoch, bootId, seq, address }, { signal });
        renewed(epoch);
      }
    } finally {
      kept.delete(orchestratorId);
    }
  };

  /** An address that leads where another one does is of use once that one fails. */
  const reserve = async (orchestratorId: string): Promise<void> => {
    log.warn('two addresses lead to one orchestrator; one of them is enough', { orchestrator: orchestratorId });
    while (kept.has(orchestratorId) && !stop.signal.aborted) await pause(lastRetryMs);
  };

  const keep = async (registry: Client<typeof RegistryService>): Promise<void> => {
    let retryMs = firstRetryMs;
    let told = '';
    const onRegistered = (): void => {
      retryMs = firstRetryMs;
      told = '';
    };
    while (!stop.signal.aborted) {
      try {
        await hold(registry, onRegistered);
      } catch (thrown) {
        if (stop.signal.aborted) return;
        const error = ClusterError.from(thrown);
        const end = final[error.reason];
        if (end !== undefined) {
          log.error(end, { nodeId, error: error.message });
          return;
        }
        const { reason, message } = error;
        // Not each time: it may go on for days.
        if (message !== told) log.warn('not registered; trying again', { reason, error: message, advice });
        told = message;
        await pause(retryMs);
        retryMs = Math.min(lastRetryMs, retryMs * 2);
      }
    }
  };

  const running = registries.map(keep);
  return {
    check({ owner, epoch, bootId: meant }) {
      const lease = leases.get(owner);
      if (meant !== bootId || lease?.epoch !== epoch) {
        const now = lease ? `is now at ${lease.epoch}` : 'is not registered there';
        throw new ClusterError('stale_epoch', `The call is for epoch ${epoch} of this node, which ${now}.`);
      }
      if (clock.now() >= lease.endsAt)
        throw new ClusterError('stale_epoch', `The lease of epoch ${epoch} has run out: no heartbeat got through.`);
    },
    nudge(orchestratorId) {
      wakers.get(orchestratorId)?.();
    },
    async close() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

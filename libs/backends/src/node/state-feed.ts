import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { NodeStateSchema, type HardwareSchema, type NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { ClusterError, onAbort, type Clock } from '@tutti/core';
import type { Limits, Slots } from './admitted.ts';
import type { Backend, Inventory } from '../backend.ts';

/** The machine's state, kept up to date for whoever watches. */
export interface StateFeed {
  /** Reads everything anew, and publishes it if it differs. */
  refresh(): Promise<void>;
  /** A call came or went: publishes the slots soon, and what that did to the backend a little later. */
  touch(): void;
  /** From now on the node says that it takes no calls. */
  drain(): void;
  /** The state now, then each new one; a slow reader misses what was replaced in between. Ends with the signal. */
  watch(signal: AbortSignal): AsyncIterable<NodeState>;
  /** Ends every watch. */
  close(): void;
}

interface Options {
  readonly backend: Pick<Backend, 'inventory'>;
  readonly slots: Pick<Slots, 'busy' | 'waiting'>;
  readonly limits: Limits;
  readonly hardware: () => Promise<MessageInitShape<typeof HardwareSchema>>;
  readonly bootId: string;
  readonly clock: Clock;
  /** Between two readings of the backend and the machine. */
  readonly intervalMs?: number;
  /** From a call's coming or going to the snapshot that shows it, so that calls do not flood the watchers. */
  readonly settleMs?: number;
  /** From a call's coming or going to the reading of the backend that shows what it did there. */
  readonly rereadMs?: number;
}

const inventoryTimeoutMs = 5_000;

export function createStateFeed(options: Options): StateFeed {
  const {
    backend,
    slots,
    limits,
    hardware,
    bootId,
    clock,
    intervalMs = 5_000,
    settleMs = 200,
    rereadMs = 1_000,
  } = options;
  const watchers = new Set<() => void>();
  let inventory: Inventory | undefined;
  let machine: MessageInitShape<typeof HardwareSchema> = {};
  let draining = false;
  let closed = false;
  let seq = 0;
  let stopTimer = (): void => {};
  let stopTouch: (() => void) | undefined;
  let stopReread: (() => void) | undefined;

  const snapshot = (): NodeState =>
    create(NodeStateSchema, {
      seq,
      bootId,
      backend: inventory?.backend ?? {},
      models: [...(inventory?.models ?? [])],
      runners: [...(inventory?.runners ?? [])],
      slots: { ...limits, busy: slots.busy, waiting: slots.waiting },
      hardware: machine,
      draining,
    });

  const publish = (): void => {
    seq += 1;
    for (const wake of watchers) wake();
  };

  const read = async (): Promise<void> => {
    inventory = await readInventory(backend, inventory, clock);
    machine = await hardware();
    publish();
  };

  let reading: Promise<void> | undefined;
  const refresh = (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = undefined;
      stopTimer();
      stopTimer = clock.after(intervalMs, () => void refresh());
    });
    return reading;
  };

  return {
    refresh,
    touch() {
      stopTouch ??= clock.after(settleMs, () => {
        stopTouch = undefined;
        publish();
      });
      stopReread ??= clock.after(rereadMs, () => {
        stopReread = undefined;
        void refresh();
      });
    },
    drain() {
      draining = true;
      publish();
    },
    async *watch(signal) {
      let wake = (): void => {};
      const onChange = (): void => wake();
      watchers.add(onChange);
      const forget = onAbort(signal, onChange);
      try {
        for (let seen = -1; !signal.aborted && !closed;) {
          const changed = new Promise<void>((resolve) => (wake = resolve));
          if (seq === seen) await changed;
          if (signal.aborted || closed) return;
          seen = seq;
          yield snapshot();
        }
      } finally {
        forget();
        watchers.delete(onChange);
      }
    },
    close() {
      stopTimer();
      stopTouch?.();
      stopReread?.();
      closed = true;
      for (const wake of watchers) wake();
    },
  };
}

/** What the backend has; when it does not answer, what it had, and the problem. */
async function readInventory(
  backend: Options['backend'],
  before: Inventory | undefined,
  clock: Clock,
): Promise<Inventory> {
  const controller = new AbortController();
  const stop = clock.after(inventoryTimeoutMs, () =>
    controller.abort(
      new ClusterError('upstream_timeout', `The backend did not answer in ${inventoryTimeoutMs / 1_000} s.`),
    ),
  );
  try {
    return await backend.inventory(controller.signal);
  } catch (thrown) {
    const { message } = ClusterError.from(thrown);
    return { models: [], runners: [], ...before, backend: { ...before?.backend, problem: message } };
  } finally {
    stop();
  }
}

import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  ModelSchema,
  NodeStateSchema,
  type HardwareSchema,
  type Model,
  type NodeState,
} from '@tutti/proto/tutti/agent/v1/state';
import { canonicalModel, ClusterError, onAbort, type Clock } from '@tutti/core';
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
  /** What was last read of a model; undefined: the node has none of that name. */
  modelOf(name: string): Model | undefined;
  /** Ends every watch. */
  close(): void;
}

type HardwareInit = MessageInitShape<typeof HardwareSchema>;

/** What the agent knows besides what the backend and the machine tell. */
export interface Insight {
  state(hardware: HardwareInit): Pick<NodeState, 'modelMemoryBytes' | 'maxRunners' | 'loading'>;
  /** What is in memory, by the latest look; undefined: the inventory is the latest. */
  runners(): Inventory['runners'] | undefined;
  readonly embedBatches: { calls: number; requests: number; inputs: number; largest: number };
}

interface Options {
  readonly backend: Pick<Backend, 'inventory'>;
  readonly slots: Pick<Slots, 'busy' | 'waiting' | 'zombie'>;
  readonly limits: Limits;
  readonly hardware: () => Promise<HardwareInit>;
  readonly insight?: Insight;
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
/** A busy machine may be late once. */
const missesForProblem = 2;

export function createStateFeed(options: Options): StateFeed {
  const {
    backend,
    slots,
    limits,
    hardware,
    insight,
    bootId,
    clock,
    intervalMs = 5_000,
    settleMs = 200,
    rereadMs = 1_000,
  } = options;
  const watchers = new Set<() => void>();
  let inventory: Inventory | undefined;
  let models: ReadonlyMap<string, Model> = new Map();
  let machine: HardwareInit = {};
  let misses = 0;
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
      models: [...models.values()],
      runners: [...(insight?.runners() ?? inventory?.runners ?? [])],
      slots: { ...limits, busy: slots.busy, zombie: slots.zombie, waiting: slots.waiting },
      hardware: machine,
      draining,
      ...(insight && { embedBatches: insight.embedBatches }),
      ...insight?.state(machine),
    });

  const publish = (): void => {
    seq += 1;
    for (const wake of watchers) wake();
  };

  const read = async (): Promise<void> => {
    const read = await readInventory(backend, clock);
    misses = 'error' in read ? misses + 1 : 0;
    if (!('error' in read)) inventory = read;
    else if (read.error.reason !== 'upstream_timeout' || misses >= missesForProblem) {
      inventory = withProblem(inventory, read.error.message);
    }
    models = new Map(
      (inventory?.models ?? []).map((model) => [canonicalModel(model.name ?? ''), create(ModelSchema, model)]),
    );
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
    modelOf: (name) => models.get(canonicalModel(name)),
    close() {
      stopTimer();
      stopTouch?.();
      stopReread?.();
      closed = true;
      for (const wake of watchers) wake();
    },
  };
}

/** What the backend has, or why it does not tell. */
async function readInventory(
  backend: Options['backend'],
  clock: Clock,
): Promise<Inventory | { readonly error: ClusterError }> {
  const controller = new AbortController();
  const stop = clock.after(inventoryTimeoutMs, () =>
    controller.abort(
      new ClusterError('upstream_timeout', `The backend did not answer in ${inventoryTimeoutMs / 1_000} s.`),
    ),
  );
  try {
    return await backend.inventory(controller.signal);
  } catch (thrown) {
    return { error: ClusterError.from(thrown) };
  } finally {
    stop();
  }
}

/** What it had, and what is wrong now. */
function withProblem(before: Inventory | undefined, problem: string): Inventory {
  return { models: [], runners: [], ...before, backend: { ...before?.backend, problem } };
}

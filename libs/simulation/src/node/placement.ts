import { ClusterError, onAbort, throwIfAborted } from '@tutti/core';
import type { MachineModel, MachineProfile } from '../machine-profile.ts';
import type { Machine, MachineRunner } from '../machine.ts';

/** What a call needs of its model's runner. */
export interface Wish {
  readonly model: MachineModel;
  /** Fewest tokens of context that will do; 0: any. */
  readonly min: number;
  /** Tokens of context to load the model with; 0: the default. */
  readonly preferred: number;
  /** Models to take out of memory first if it has to be loaded. */
  readonly evict: readonly string[];
}

/** A call's place on the node. */
export interface Place {
  /** Whether it waits for a slot, or for a load. */
  readonly mustWait: boolean;
  /**
   * Resolves when the call may be sent. Rejects when the signal aborts first, and with `no_slot` when its runner went
   * before it was sent and another load has come between.
   */
  ready(signal: AbortSignal): Promise<Ready>;
  /** The call is on the machine. */
  sent(): void;
  /** Gives the place back. */
  leave(): void;
}

/** How a call is to be sent. */
export interface Ready {
  /** Undefined: the default. */
  readonly numCtx: number | undefined;
  /** Whether that makes the machine load the model. */
  readonly loads: boolean;
  /** The model is in memory, or will not be. */
  loaded(): void;
}

/**
 * What an agent does to keep its machine from thrashing: as many calls as a runner has slots and one more, one load at
 * a time, and evictions first and by word.
 */
export interface Placement {
  /** Throws `no_slot`. */
  enter(wish: Wish): Place;
  /** Calls that were let in and have not left. */
  readonly calls: number;
  /** Models that were unloaded for others. */
  readonly evictions: number;
}

/** Embeddings that an agent takes for a model: it joins them. */
const joinedEmbeddings = 32;

interface Load {
  readonly model: string;
  readonly numCtx: number;
  /** What goes for it and has not gone. */
  readonly leaving: Set<string>;
  readonly over: Promise<void>;
}

export function createPlacement(machine: Machine, profile: MachineProfile): Placement {
  const inside = createCounts();
  const onMachine = createCounts();
  const waitingForLeaves = new Set<() => void>();
  let pending: Load | undefined;
  let evictions = 0;

  const runnerOf = (model: string): MachineRunner | undefined =>
    machine.runners.find((runner) => runner.model === model);

  /** A runner that serves the wish and is not about to go. */
  const fitting = ({ model, min }: Wish): MachineRunner | undefined => {
    const runner = runnerOf(model.name);
    return runner && runner.numCtx >= min && !pending?.leaving.has(runner.model) ? runner : undefined;
  };

  const joins = ({ model, min }: Wish): boolean => pending?.model === model.name && pending.numCtx >= min;

  const settled = async (wish: Wish, signal: AbortSignal): Promise<Ready> => {
    for (;;) {
      throwIfAborted(signal);
      const runner = fitting(wish);
      if (runner) return { numCtx: runner.numCtx, loads: false, loaded() {} };
      if (!pending) return load(wish, signal);
      if (!joins(wish)) throw noSlot('Another model is being loaded.');
      await pending.over;
    }
  };

  const load = async ({ model, min, preferred, evict }: Wish, signal: AbortSignal): Promise<Ready> => {
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const wanted = preferred === 0 ? Math.max(min, profile.defaultNumCtx) : Math.max(min, preferred);
    const numCtx = Math.min(model.trainedContext, wanted);
    const leaving = new Set(runnerOf(model.name) ? [...evict, model.name] : evict);
    pending = { model: model.name, numCtx, leaving, over };
    const loaded = (): void => {
      if (pending?.over === over) pending = undefined;
      resolve();
    };
    try {
      while ([...leaving].some((other) => onMachine.of(other) > 0)) await nextLeave(signal);
    } catch (thrown) {
      loaded();
      throw thrown;
    }
    for (const other of leaving) {
      if (other !== model.name && runnerOf(other)) evictions += 1;
      machine.unload(other);
    }
    leaving.clear();
    return { numCtx, loads: true, loaded };
  };

  /** Resolves when a call leaves; throws when the signal aborts. */
  const nextLeave = async (signal: AbortSignal): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waitingForLeaves.add(resolve);
    const forget = onAbort(signal, resolve);
    await promise;
    forget();
    waitingForLeaves.delete(resolve);
    throwIfAborted(signal);
  };

  return {
    enter(wish) {
      const { name, embedding } = wish.model;
      if (pending && !fitting(wish) && !joins(wish)) throw noSlot('Another model is being loaded.');
      const slots = embedding ? joinedEmbeddings : profile.parallel;
      const calls = inside.of(name);
      if (calls > slots) throw noSlot(`All ${slots} slots and the waiting place of "${name}" are taken.`);
      inside.change(name, 1);
      let isSent = false;
      return {
        mustWait: calls === slots || joins(wish),
        ready: (signal) => settled(wish, signal),
        sent() {
          isSent = true;
          onMachine.change(name, 1);
        },
        leave() {
          inside.change(name, -1);
          if (isSent) onMachine.change(name, -1);
          for (const wake of waitingForLeaves) wake();
        },
      };
    },
    get calls() {
      return inside.sum;
    },
    get evictions() {
      return evictions;
    },
  };
}

/** Calls by model. */
function createCounts() {
  const counts = new Map<string, number>();
  return {
    of: (model: string): number => counts.get(model) ?? 0,
    change: (model: string, by: 1 | -1): void => void counts.set(model, (counts.get(model) ?? 0) + by),
    get sum() {
      return counts.values().reduce((sum, calls) => sum + calls, 0);
    },
  };
}

function noSlot(message: string): ClusterError {
  return new ClusterError('no_slot', message);
}

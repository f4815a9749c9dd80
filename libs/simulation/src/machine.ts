import { canonicalModel, type Clock } from '@tutti/core';
import type { MachineCall, MachineListener, Submission } from './machine-call.ts';
import type { MachineModel, MachineProfile } from './machine-profile.ts';
import { createProcessor } from './processor.ts';
import type { Runner } from './runner.ts';
import { createScheduler } from './scheduler.ts';
import { createVisit, type Room, type Visit, type Zombie } from './visit.ts';

/** A model in memory, or on its way there. */
export interface MachineRunner {
  readonly model: string;
  readonly numCtx: number;
  readonly runnerOptions: string;
  readonly slots: number;
  readonly bytes: number;
  /** Slots taken, zombies included. */
  readonly busy: number;
  /** Calls that wait for a slot. */
  readonly waiting: number;
  readonly loading: boolean;
  readonly keepAliveMs: number;
  /** By the clock's `now`; while it is in use, when it would go if that ended now. */
  readonly expiresAtMs: number;
}

/** A machine that runs an Ollama 0.17.4: its memory, its scheduler, its speed, and how it fails. */
export interface Machine {
  submit(call: MachineCall, listener: MachineListener): Submission;
  /** Drops the model when it is idle, now if it is. */
  unload(model: string): void;
  readonly runners: readonly MachineRunner[];
  readonly usedBytes: number;
  /** Calls that wait for a load that has not begun. */
  readonly queued: number;
  /** Calls inside, in any state. */
  readonly live: number;
  /** Cancelled calls that go on burning. */
  readonly zombies: number;
  /** Loads begun. */
  readonly loads: number;
  /** Those of them for which the same model with other options had to go. */
  readonly reloads: number;
  /** Models that had to go for another one. */
  readonly evictions: number;
  /** Makes everything that many times slower; 1: as fast as ever. */
  slow(factor: number): void;
  /** Stops all work where it is, loads too, or lets it go on. New calls are taken all the same. */
  hang(on: boolean): void;
  /** Fails all that is inside and empties the memory. It can be used again at once; it has no timers left. */
  crash(): void;
}

export function createMachine(profile: MachineProfile, models: readonly MachineModel[], clock: Clock): Machine {
  const byName = new Map(models.map((model) => [canonicalModel(model.name), model]));
  const processor = createProcessor({ clock, slowBySame: profile.slowBySame, slowByOthers: profile.slowByOthers });
  const visits = new Set<Visit>();
  const zombies = new Set<Zombie>();

  const scheduler = createScheduler({
    clock,
    memoryBytes: profile.memoryBytes,
    maxRunners: profile.maxRunners,
    maxQueue: profile.maxQueue,
    keepAliveMs: profile.keepAliveMs,
    load(spec, done) {
      const model = byName.get(spec.model);
      return processor.start({ amount: model ? profile.loadMs(model) : 0, speed: 1000, done }).stop;
    },
    unloaded(runner) {
      for (const zombie of zombies) if (zombie.runner === runner) zombie.end();
    },
  });
  const room: Room = { profile, clock, processor, scheduler, visits, zombies };

  function shown({ spec, slots, keepAliveMs, expiresAtMs }: Runner, loading: boolean): MachineRunner {
    return {
      model: spec.model,
      numCtx: spec.numCtx,
      runnerOptions: spec.options,
      slots: slots.count,
      bytes: spec.bytes,
      busy: slots.busy,
      waiting: slots.waiting,
      loading,
      keepAliveMs,
      expiresAtMs,
    };
  }

  return {
    submit(call, listener) {
      const model = byName.get(canonicalModel(call.model));
      if (model) return createVisit(room, model, call, listener);
      listener.failed('no_model');
      return { outputTokens: () => 0, cancel() {} };
    },
    unload: (model) => scheduler.unload(canonicalModel(model)),
    get runners() {
      return scheduler.runners.map((runner) => shown(runner, runner === scheduler.loading));
    },
    get usedBytes() {
      return scheduler.usedBytes;
    },
    get queued() {
      return scheduler.queued;
    },
    get live() {
      return visits.size;
    },
    get zombies() {
      return zombies.size;
    },
    get loads() {
      return scheduler.loads;
    },
    get reloads() {
      return scheduler.reloads;
    },
    get evictions() {
      return scheduler.evictions;
    },
    slow: (factor) => processor.slow(factor),
    hang: (on) => processor.hang(on),
    crash() {
      const inside = [...visits];
      for (const visit of inside) visit.abandon();
      for (const zombie of zombies) zombie.end();
      scheduler.clear();
      processor.clear();
      for (const visit of inside) visit.listener.failed('crashed');
    },
  };
}

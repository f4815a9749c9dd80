import { onAbort, type Clock } from '@tutti/core';
import {
  createScheduler,
  type Prompt,
  type Runner,
  type RunnerSpec,
  type Scheduler,
  type Slot,
} from '@tutti/simulation';
import type { Model } from './model.ts';
import type { RunnerOptions } from './options.ts';

/** A model in memory, or on its way there. */
export interface ResidentModel {
  readonly model: Model;
  readonly numCtx: number;
  readonly bytes: number;
  /** Wall time in ms. */
  readonly expiresAtMs: number;
}

/** The use of a runner by one request. The model stays in memory until it is released. */
export interface RunnerLease {
  readonly runner: Runner;
  /** Waits for one of the runner's slots. Rejects when `signal` aborts first. */
  slot(prompt: Prompt, signal: AbortSignal): Promise<Slot>;
  /** Lets the keep-alive begin. Once only. */
  release(): void;
}

/** Why there is no runner, as Ollama says it. */
export interface NoRunner {
  readonly status: number;
  readonly error: string;
}

export interface Runners extends Pick<Scheduler, 'loads' | 'reloads' | 'evictions'> {
  /**
   * Returns when the model is in memory with these options. Loads it if need be. Rejects when `signal` aborts first.
   * Without `keepAliveMs` a model that is in memory keeps the one it has.
   */
  use(
    model: Model,
    options: RunnerOptions,
    keepAliveMs: number | undefined,
    signal: AbortSignal,
  ): Promise<RunnerLease | NoRunner>;
  /** Drops the model as soon as it is idle. */
  unload(model: Model): void;
  /** The longest-lived first. */
  readonly list: readonly ResidentModel[];
  close(): void;
}

export interface RunnersSettings {
  readonly clock: Clock;
  /** Memory for models; Infinity: no limit. */
  readonly memoryBytes: number;
  readonly maxLoadedModels: number;
  /** Requests that may wait for a load, besides the one whose turn it is. */
  readonly maxQueue: number;
  readonly loadMs: number;
  /** Slots of one runner. */
  readonly parallel: number;
  readonly keepAliveMs: number;
}

/** Keeps track of what is loaded: the scheduler of a simulated machine, for requests that wait. */
export function createRunners(settings: RunnersSettings): Runners {
  const { clock, parallel } = settings;
  /** What was asked for by whom: a runner belongs to the model that it was loaded for. */
  const models = new WeakMap<RunnerSpec, Model>();

  const scheduler = createScheduler({
    ...settings,
    maxRunners: settings.maxLoadedModels,
    load(spec, loaded) {
      const loadMs = models.get(spec)?.loadMs ?? settings.loadMs;
      if (loadMs > 0) return clock.after(loadMs, loaded);
      loaded();
      return () => {};
    },
  });

  function specOf(model: Model, { numCtx, askedNumCtx, others }: RunnerOptions): RunnerSpec {
    const slots = model.capabilities.includes('completion') ? parallel : 1;
    const bytes = model.sizeBytes + model.bytesPerToken * numCtx * slots;
    const spec = { model: model.weights, numCtx, askedNumCtx, options: others, slots, bytes };
    models.set(spec, model);
    return spec;
  }

  function shown({ spec, expiresAtMs }: Runner): ResidentModel[] {
    const model = models.get(spec);
    if (!model) return [];
    const { numCtx, bytes } = spec;
    return [{ model, numCtx, bytes, expiresAtMs: clock.wallTime() + expiresAtMs - clock.now() }];
  }

  return {
    use(model, options, keepAliveMs, signal) {
      const spec = specOf(model, options);
      return unlessAborted(signal, (resolve) =>
        scheduler.use(spec, keepAliveMs, {
          ready: ({ runner, release }) =>
            resolve({ runner, release, slot: (prompt, gone) => slotOf(runner, prompt, gone) }),
          failed: (error) => resolve(error === 'busy' ? busy : tooLarge(spec.bytes, settings.memoryBytes)),
        }),
      );
    },
    unload: (model) => scheduler.unload(model.weights),
    get list() {
      return scheduler.runners.flatMap(shown).toSorted((a, b) => b.expiresAtMs - a.expiresAtMs);
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
    close: () => scheduler.clear(),
  };
}

const busy: NoRunner = { status: 503, error: 'server busy, please try again.  maximum pending requests exceeded' };

function tooLarge(bytes: number, available: number): NoRunner {
  const shown = (count: number): string => `${(count / 2 ** 30).toFixed(1)} GiB`;
  return {
    status: 500,
    error: `model requires more system memory (${shown(bytes)}) than is available (${shown(available)})`,
  };
}

function slotOf(runner: Runner, prompt: Prompt, signal: AbortSignal): Promise<Slot> {
  return unlessAborted(signal, (resolve) => runner.slots.enter(prompt, resolve));
}

/** Resolves with what `start` waits for, which may come at once; takes that back and rejects when `signal` aborts first. */
function unlessAborted<T>(signal: AbortSignal, start: (resolve: (value: T) => void) => () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    let settled = false;
    let forget = (): void => {};
    const takeBack = start((value) => {
      settled = true;
      forget();
      resolve(value);
    });
    if (settled) return;
    forget = onAbort(signal, () => {
      takeBack();
      reject(new Error('aborted while it waited for a model or a slot'));
    });
  });
}

import type { Clock } from '@tutti/core';
import { createMemory } from './memory.ts';
import { createRunner, type Runner, type RunnerSpec } from './runner.ts';

/** The use of a runner by one call: it stays in memory until it is released. */
export interface RunnerLease {
  readonly runner: Runner;
  /** Once only. */
  release(): void;
}

/** What becomes of the wish for a runner. `ready` or `failed`, once, unless it is taken back before. */
export interface RunnerListener {
  /** The load that it waits for has begun; again if that was aborted and another began. */
  loading?(): void;
  ready(lease: RunnerLease): void;
  /** Too many loads wait, or it does not fit even alone. */
  failed(error: 'busy' | 'does_not_fit'): void;
}

/** Decides what is in memory, as Ollama 0.17.4 does on a machine with one GPU. */
export interface Scheduler {
  /**
   * Asks for a runner. One that is in memory with the same options is had at once, others wait for a load, one after the
   * other. All of the listener may be called before this returns. The returned function takes the wish back.
   */
  use(spec: RunnerSpec, keepAliveMs: number | undefined, listener: RunnerListener): () => void;
  /** Drops the model when it is idle, now if it is. */
  unload(model: string): void;
  /** Drops everything and forgets who waits, without a word to anyone. */
  clear(): void;
  readonly runners: readonly Runner[];
  readonly usedBytes: number;
  /** The one that is being loaded. */
  readonly loading: Runner | undefined;
  /** Calls that wait for a load that has not begun. */
  readonly queued: number;
  /** Loads begun. */
  readonly loads: number;
  /** Those of them for which the same model with other options had to go. */
  readonly reloads: number;
  /** Runners that had to go for another model. */
  readonly evictions: number;
}

interface SchedulerSettings {
  readonly clock: Clock;
  /** Infinity: no limit. */
  readonly memoryBytes: number;
  readonly maxRunners: number;
  /** Calls that may wait for a load besides the one whose turn it is. */
  readonly maxQueue: number;
  /** Keep-alive of a runner whose first call has none. */
  readonly keepAliveMs: number;
  /** Loads a model; `loaded` may be called at once. The returned function stops it. */
  readonly load: (spec: RunnerSpec, loaded: () => void) => () => void;
  /** Told of each runner that goes, but for `clear`. */
  readonly unloaded?: (runner: Runner) => void;
}

interface Wish {
  readonly spec: RunnerSpec;
  readonly keepAliveMs: number | undefined;
  readonly listener: RunnerListener;
  /** Whether a runner of its model had to go for it. */
  reloads: boolean;
  /** It keeps its place in the line until its turn comes: nobody looks before. */
  cancelled: boolean;
}

interface Load {
  readonly runner: Runner;
  /** Whose wish it is; without it the load is stopped. */
  readonly owner: Wish;
  readonly joined: Set<Wish>;
  stop: () => void;
}

export function createScheduler(settings: SchedulerSettings): Scheduler {
  const { clock, maxQueue } = settings;
  const memory = createMemory(settings.memoryBytes, settings.maxRunners);
  let queue: Wish[] = [];
  /** The wish whose turn it is: until it can be granted or loaded for, all others behind it wait. */
  let head: Wish | undefined;
  /** What the head waits for to go. Any unload makes it look again. */
  let victim: Runner | undefined;
  let load: Load | undefined;
  let loads = 0;
  let reloads = 0;
  let evictions = 0;

  function arrive(wish: Wish): void {
    const runner = memory.get(wish.spec.model);
    if (runner && serves(runner, wish)) return join(runner, wish);
    if (head && queue.length >= maxQueue) return wish.listener.failed('busy');
    queue.push(wish);
    proceed();
  }

  function join(runner: Runner, wish: Wish): void {
    if (load?.runner !== runner) return grant(runner, wish, wish.keepAliveMs);
    load.joined.add(wish);
    wish.listener.loading?.();
  }

  function grant(runner: Runner, wish: Wish, keepAliveMs: number | undefined): void {
    runner.acquire(keepAliveMs);
    wish.listener.ready({ runner, release: () => runner.release() });
  }

  function proceed(): void {
    while (!victim) {
      head ??= queue.shift();
      if (!head) return;
      if (head.cancelled) head = undefined;
      else if (!advance(head)) return;
    }
  }

  /** False if it has to wait for the end of a load. */
  function advance(wish: Wish): boolean {
    const present = memory.get(wish.spec.model);
    if (present && serves(present, wish)) {
      head = undefined;
      join(present, wish);
      return true;
    }
    if (load) return false;
    const inTheWay = present ?? (memory.isFull(wish.spec.bytes) ? memory.victim() : undefined);
    if (inTheWay) {
      wish.reloads ||= inTheWay === present;
      victim = inTheWay;
      inTheWay.condemn();
      return true;
    }
    head = undefined;
    if (wish.spec.bytes > settings.memoryBytes) wish.listener.failed('does_not_fit');
    else startLoad(wish);
    return true;
  }

  function startLoad(owner: Wish): void {
    const keepMs = owner.keepAliveMs ?? settings.keepAliveMs;
    const runner = createRunner(owner.spec, keepMs, clock, () => drop(runner));
    // Held until all who wait have it, lest it goes too early.
    runner.acquire(undefined);
    const started: Load = { runner, owner, joined: new Set(), stop: () => {} };
    load = started;
    memory.add(runner);
    loads++;
    if (owner.reloads) reloads++;
    owner.listener.loading?.();
    if (load !== started) return;
    started.stop = settings.load(owner.spec, () => loaded(started));
  }

  function loaded(done: Load): void {
    load = undefined;
    grant(done.runner, done.owner, undefined);
    for (const wish of done.joined) if (!wish.cancelled) grant(done.runner, wish, wish.keepAliveMs);
    done.runner.release();
    proceed();
  }

  function drop(runner: Runner): void {
    if (!memory.remove(runner)) return;
    runner.close();
    if (runner === victim && head && head.spec.model !== runner.spec.model) evictions++;
    victim = undefined;
    settings.unloaded?.(runner);
    proceed();
  }

  function cancel(wish: Wish): void {
    if (wish.cancelled) return;
    wish.cancelled = true;
    const aborted = load;
    if (!aborted) return;
    aborted.joined.delete(wish);
    if (aborted.owner !== wish) return;
    load = undefined;
    aborted.stop();
    drop(aborted.runner);
    for (const other of aborted.joined) if (!other.cancelled) arrive(other);
  }

  return {
    use(spec, keepAliveMs, listener) {
      const wish = { spec, keepAliveMs, listener, reloads: false, cancelled: false };
      arrive(wish);
      return () => cancel(wish);
    },
    unload: (model) => memory.get(model)?.condemn(),
    clear() {
      load?.stop();
      load = undefined;
      head = undefined;
      victim = undefined;
      queue = [];
      memory.clear();
    },
    get runners() {
      return memory.runners;
    },
    get usedBytes() {
      return memory.usedBytes;
    },
    get loading() {
      return load?.runner;
    },
    get queued() {
      const waiting = head ? [head, ...queue] : queue;
      return waiting.filter((wish) => !wish.cancelled).length;
    },
    get loads() {
      return loads;
    },
    get reloads() {
      return reloads;
    },
    get evictions() {
      return evictions;
    },
  };
}

/** Whether the runner was started with the wish's options: plainly compared, more context does not serve less. */
function serves({ spec }: Runner, wish: Wish): boolean {
  return spec.askedNumCtx === wish.spec.askedNumCtx && spec.options === wish.spec.options;
}

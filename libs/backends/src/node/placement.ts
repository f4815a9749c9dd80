import { canonicalModel, ClusterError, onAbort, pause, throwIfAborted, type Clock, type Generate } from '@tutti/core';
import type { Model } from '@tutti/proto/tutti/agent/v1/state';
import { loadCall, run, unloadCall } from './memory-calls.ts';
import type { Resident, Residents, Sent } from './residents.ts';
import { fits, isCloud, loadOptions, onlyEmbeds, type Wish } from './wish.ts';

/** What a load did. */
export interface Loaded {
  /** Less the evictions. */
  readonly loadMs: number;
  readonly evicted: readonly string[];
}

/** The wait for a load. */
export interface Visit {
  /** Whether the load is made for this one; others only wait for it as well. */
  readonly caused: boolean;
  /** When the agent began to make room. */
  readonly since: number;
  /** What the model is loaded with. */
  readonly sent: Sent;
  readonly loaded: Promise<Loaded>;
  /** Call it once, whatever happened. The last one who leaves before the end cancels the load. */
  leave(): void;
}

/** Who asks for a change of the memory. */
export interface Asker {
  /** Whether it holds a slot of the model, as calls do: nobody waits for that one. */
  readonly holdsSlot: boolean;
  /** Models that may be taken out of memory for it, in order. */
  readonly evict?: readonly string[] | undefined;
}

/** Who comes into the backend's memory, and who leaves it: one change at a time. */
export interface Placement {
  /** Whether a call could run now or after the load that is under way, by the last view of the memory. */
  mayEnter(wish: Wish): boolean;
  /** Whether running it means to wait until calls of those models, or its own, have ended; by the last view as well. */
  drains(wish: Wish, evict: readonly string[]): boolean;
  /** Undefined: the model is there. Rejects with `no_slot` if it must be loaded while another one is. */
  place(wish: Wish, asker: Asker): Promise<Visit | undefined>;
  /** Takes a model out of memory when its calls are over. Rejects with `no_slot` while a model comes or leaves. */
  unload(model: string, asker: Asker, signal: AbortSignal): Promise<void>;
  /** Name of the model that is being loaded; "" for none. */
  readonly loading: string;
  /** Calls have come or gone. */
  review(): void;
}

interface Options {
  readonly residents: Residents;
  readonly generate: Generate;
  /** Slots of the model that are not free. While calls wait for one, none is. */
  readonly inUse: (model: string) => number;
  readonly modelOf: (model: string) => Pick<Model, 'contextLength' | 'capabilities'> | undefined;
  readonly clock: Clock;
  /** A load begins or has ended. */
  readonly onChange: () => void;
}

/** A change of the memory that is under way. */
interface Change {
  /** The model that is loaded; "": none is. */
  readonly model: string;
  readonly sent: Sent;
  /** Models that leave: they get no new calls. */
  readonly leaving: ReadonlySet<string>;
  readonly since: number;
  readonly controller: AbortController;
  visitors: number;
  /** Slots that they hold. */
  held: number;
  loaded: Promise<Loaded>;
}

/** Between two looks whether a model has left. */
const unloadPollMs = 50;
const unloadTimeoutMs = 60_000;

/** One that makes room is waited for so long: far longer than a backend takes that means to let it go. */
const leaveTimeoutMs = 10_000;

export function createPlacement(options: Options): Placement {
  const { residents, generate, inUse, modelOf, clock, onChange } = options;
  const watches = new Set<() => void>();
  let change: Change | undefined;

  const trainedContext = (model: string): number | undefined => modelOf(model)?.contextLength;
  /** What runs elsewhere takes no memory here. */
  const serves = (runner: Resident | undefined, wish: Wish): boolean =>
    runner ? fits(runner, wish, trainedContext(wish.model)) : isCloud(modelOf(wish.model));

  /** Whether the load under way will do for it. */
  const joins = (wish: Wish): boolean => {
    if (change?.model !== wish.model || change.controller.signal.aborted) return false;
    const { numCtx = 0, options: own } = change.sent;
    const needed = Math.min(wish.min, trainedContext(wish.model) ?? Infinity);
    return numCtx >= needed && (wish.options === '' || wish.options === own);
  };

  /** Resolves when `isQuiet` holds; looks after each `review`. */
  const quiet = (isQuiet: () => boolean, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const watch = (): void => {
        if (!signal.aborted && !isQuiet()) return;
        forget();
        watches.delete(watch);
        resolve();
      };
      watches.add(watch);
      let forget = (): void => {};
      forget = onAbort(signal, watch);
      watch();
    });

  /** False: it has not left in that time. */
  const takesLeave = async (model: string, limitMs: number, signal: AbortSignal): Promise<boolean> => {
    const startedAt = clock.now();
    await run(generate, unloadCall(model), signal);
    for (await residents.look(); residents.find(model); await residents.look()) {
      throwIfAborted(signal);
      if (clock.now() - startedAt > limitMs) return false;
      await pause(clock, unloadPollMs, signal);
    }
    return true;
  };

  const takeOut = async (model: string, signal: AbortSignal): Promise<void> => {
    if (await takesLeave(model, unloadTimeoutMs, signal)) return;
    const message = `"${model}" has not left the memory in ${unloadTimeoutMs / 1_000} s.`;
    throw new ClusterError('upstream_timeout', message);
  };

  /** Makes room, then loads. */
  const bringIn = async (load: Change, wish: Wish): Promise<Loaded> => {
    const { model, sent, leaving } = load;
    const { signal } = load.controller;
    for (const victim of leaving) {
      // Those who wait for the load of a larger runner hold slots of the smaller one.
      await quiet(() => inUse(victim) <= (victim === model ? load.held : 0), signal);
      throwIfAborted(signal);
      // A runner whose name stands for another model by now hears nothing: then the backend makes what room it needs.
      await takesLeave(victim, leaveTimeoutMs, signal);
    }
    const startedAt = clock.now();
    const embeds = wish.embeds || onlyEmbeds(modelOf(model));
    await run(generate, loadCall(model, sent, embeds), signal);
    const loadMs = clock.now() - startedAt;
    await residents.look().catch(() => {});
    residents.learn(model, sent);
    return { loadMs, evicted: [...leaving].filter((victim) => victim !== model) };
  };

  const begin = (model: string, sent: Sent, leaving: readonly string[], work: (change: Change) => Promise<Loaded>) => {
    const begun: Change = {
      model,
      sent,
      leaving: new Set(leaving),
      since: clock.now(),
      controller: new AbortController(),
      visitors: 0,
      held: 0,
      loaded: Promise.resolve({ loadMs: 0, evicted: [] }),
    };
    change = begun;
    begun.loaded = work(begun).finally(() => {
      change = undefined;
      onChange();
    });
    // Whoever waits for it hears of it; perhaps nobody does any more.
    begun.loaded.catch(() => {});
    onChange();
    return begun;
  };

  const visit = (load: Change, { holdsSlot }: Asker, caused: boolean): Visit => {
    const held = holdsSlot ? 1 : 0;
    load.visitors += 1;
    load.held += held;
    return {
      caused,
      since: load.since,
      sent: load.sent,
      loaded: load.loaded,
      leave() {
        load.visitors -= 1;
        load.held -= held;
        if (load.visitors === 0) load.controller.abort(new ClusterError('client_closed', 'Nobody waits for the load.'));
      },
    };
  };

  return {
    mayEnter(wish) {
      if (!change) return true;
      if (change.model === wish.model) return joins(wish);
      return !change.leaving.has(wish.model) && serves(residents.find(wish.model), wish);
    },
    drains(wish, evict) {
      if (change || serves(residents.find(wish.model), wish)) return false;
      return [wish.model, ...evict.map(canonicalModel)].some((model) => residents.find(model) && inUse(model) > 0);
    },
    async place(wish, asker) {
      await residents.refresh();
      const runner = residents.find(wish.model);
      if (joins(wish)) return visit(change!, asker, false);
      // What leaves still serves the calls that were accepted before.
      if (change?.model !== wish.model && serves(runner, wish)) return undefined;
      if (change) throw busy(wish.model, change);
      const victims = (asker.evict ?? [])
        .map(canonicalModel)
        .filter((model) => model !== wish.model && residents.find(model));
      const leaving = runner ? [wish.model, ...victims] : victims;
      const sent = loadOptions(wish, trainedContext(wish.model));
      const load = begin(wish.model, sent, leaving, async (begun) => {
        // Until the first visitor is in.
        await Promise.resolve();
        return bringIn(begun, wish);
      });
      return visit(load, asker, true);
    },
    async unload(model, { holdsSlot }, signal) {
      if (change) throw busy(model, change);
      const nothing = { numCtx: undefined, options: '' };
      const { loaded } = begin('', nothing, [model], async () => {
        await quiet(() => inUse(model) <= (holdsSlot ? 1 : 0), signal);
        throwIfAborted(signal);
        await takeOut(model, signal);
        return { loadMs: 0, evicted: [model] };
      });
      await loaded;
    },
    get loading() {
      return change?.model ?? '';
    },
    review() {
      for (const watch of watches) watch();
    },
  };
}

function busy(model: string, { model: other, leaving }: Change): ClusterError {
  const what = other === '' ? `"${[...leaving].join('", "')}" leaves` : `"${other}" is brought into`;
  return new ClusterError('no_slot', `"${model}" has to be loaded, and ${what} memory now.`);
}

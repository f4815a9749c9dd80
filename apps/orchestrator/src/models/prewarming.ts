import { ClusterError, localPrincipal, type Clock } from '@tutti/core';
import type { Cluster, Estimates, NodeFacts, Option } from '@tutti/core/cluster';
import type { Log } from '@tutti/runtime/log';
import type { Prewarmer } from './prewarmer.ts';

/** A load that costs nobody anything. */
export interface FreeLoad {
  readonly model: string;
  readonly node: string;
  readonly numCtx: number | undefined;
}

interface Situation {
  readonly facts: readonly NodeFacts[];
  readonly now: number;
  readonly estimates: Pick<Estimates, 'arrivalRate'>;
  /** The ways of bringing a model into memory. */
  readonly optionsFor: (model: string) => readonly Option[];
}

/** A model that is asked for less often than that, in calls a millisecond, is not worth its memory. */
const leastRate = 1 / (10 * 60_000);

/**
 * The most wanted model that is in no memory and fits beside what is there, on a node where nothing runs. Of such nodes
 * it is the one that loads it soonest. Undefined: there is none.
 */
export function freeLoad({ facts, now, estimates, optionsFor }: Situation): FreeLoad | undefined {
  const idle = new Set(facts.filter(isIdle).map(({ name }) => name));
  if (idle.size === 0) return undefined;
  for (const model of wantedModels(facts, (name) => estimates.arrivalRate(name, now))) {
    const free = optionsFor(model).filter(
      ({ node, kind, evict }) => kind === 'load' && evict.length === 0 && idle.has(node),
    );
    const best = free.toSorted((a, b) => a.parts.loadMs - b.parts.loadMs || (a.node < b.node ? -1 : 1))[0];
    if (best) return { model, node: best.node, numCtx: best.numCtx };
  }
  return undefined;
}

function isIdle({ ready, full, zombies, calls, runners }: NodeFacts): boolean {
  return (
    ready && !full && zombies === 0 && calls.length === 0 && runners.every((r) => r.foreignCalls === 0 && !r.loading)
  );
}

function wantedModels(facts: readonly NodeFacts[], rate: (model: string) => number): string[] {
  const ready = facts.filter((node) => node.ready);
  const resident = new Set(ready.flatMap(({ runners }) => runners.map(({ model }) => model)));
  const names = new Set(ready.flatMap(({ models }) => [...models.keys()]));
  return [...names.difference(resident)]
    .map((model) => ({ model, rate: rate(model) }))
    .filter((wanted) => wanted.rate >= leastRate)
    .toSorted((a, b) => b.rate - a.rate || (a.model < b.model ? -1 : 1))
    .map(({ model }) => model);
}

interface Options {
  readonly cluster: Pick<Cluster, 'facts' | 'waiting' | 'estimates'>;
  readonly prewarmer: Prewarmer;
  /** Asked anew each time. */
  readonly enabled: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const lookEveryMs = 5_000;
/** What could not be loaded is not tried again for so long. */
const restMs = 10 * 60_000;

/** Loads wanted models into free memory, one at a time, while nobody waits. */
export function createPrewarming({ cluster, prewarmer, enabled, clock, log }: Options): { close(): void } {
  const restUntil = new Map<string, number>();
  let stop = (): void => {};
  let closed = false;

  const next = (): FreeLoad | undefined => {
    const now = clock.now();
    for (const [model, until] of restUntil) if (now >= until) restUntil.delete(model);
    const optionsFor = (model: string): readonly Option[] =>
      restUntil.has(model) ? [] : prewarmer.preview({ model }, localPrincipal).options;
    return freeLoad({ facts: cluster.facts, estimates: cluster.estimates, now, optionsFor });
  };

  const look = async (): Promise<void> => {
    const load = enabled() && cluster.waiting === 0 ? next() : undefined;
    if (load) {
      const { model, node } = load;
      try {
        const { loadMs } = await prewarmer.prewarm(load, localPrincipal);
        log.info('model loaded ahead', { model, node, loadMs });
      } catch (thrown) {
        log.warn('model not loaded ahead', { model, node, error: ClusterError.from(thrown).message });
      }
      // If it is gone again soon, something else than we wants the memory.
      restUntil.set(model, clock.now() + restMs);
    }
    if (!closed) wait();
  };

  const wait = (): void => {
    stop = clock.after(lookEveryMs, () => void look());
  };

  wait();
  return {
    close() {
      closed = true;
      stop();
    },
  };
}

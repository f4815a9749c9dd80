import type { Call, Clock, Context, Generate } from '@tutti/core';
import type { Model } from '@tutti/proto/tutti/agent/v1/state';
import type { Backend, Inventory } from '../backend.ts';
import { mostEmbeds, type Slots } from './admitted.ts';
import { createBurntOut } from './burnt-out.ts';
import { createLiveness } from './liveness.ts';
import { memoryVerbs } from './memory-verbs.ts';
import { modelMemory, type MemoryLimits } from './model-memory.ts';
import { createPlacement } from './placement.ts';
import { createProbe } from './probe.ts';
import { createResidents } from './residents.ts';
import { settled } from './settled.ts';
import type { Insight } from './state-feed.ts';
import { createTraffic } from './traffic.ts';
import { onlyEmbeds, wishOf } from './wish.ts';

/** The agent's hand on what its backend has in memory. */
export interface Memory extends Pick<Backend, 'verb' | 'inventory'> {
  readonly settled: (next: Generate) => Generate;
  readonly mayEnter: (call: Call) => boolean;
  readonly drains: (call: Call, context: Pick<Context, 'evict'>) => boolean;
  readonly burntOut: (call: Call) => Promise<void>;
  readonly insight: Pick<Insight, 'state' | 'runners'>;
  /** Calls have come or gone. */
  review(): void;
  close(): void;
}

interface Options {
  readonly backend: Backend & Required<Pick<Backend, 'residents'>>;
  readonly limits: MemoryLimits;
  readonly inUse: Slots['inUse'];
  readonly modelOf: (model: string) => Model | undefined;
  readonly clock: Clock;
  /** What the agent reports of the memory has changed. */
  readonly onChange: () => void;
}

export function createMemory({ backend, limits, inUse, modelOf, clock, onChange }: Options): Memory {
  const { generate } = backend;
  const traffic = createTraffic(clock);
  const residents = createResidents((signal) => backend.residents(signal), clock);
  const placement = createPlacement({ residents, generate, inUse, modelOf, clock, onChange });
  const probe = createProbe({ residents, placement, generate, modelOf });
  const liveness = createLiveness({ residents, traffic, placement, probe, clock, onChange });
  const trainedContext = (model: string): number | undefined => modelOf(model)?.contextLength;

  return {
    settled: (next) => settled({ placement, residents, traffic, trainedContext, clock }, next),
    verb: memoryVerbs({ backend, placement, residents, clock }).verb,
    mayEnter: (call) => placement.mayEnter(wishOf(call)),
    drains: (call, { evict = [] }) => placement.drains(wishOf(call), evict),
    burntOut: createBurntOut({ probe, placement, traffic, clock }),
    async inventory(signal): Promise<Inventory> {
      const [inventory] = await Promise.all([backend.inventory(signal), residents.refresh()]);
      return inventory;
    },
    insight: {
      state: (hardware) => ({
        ...modelMemory(backend.remote ? {} : hardware, limits),
        loading: placement.loading,
      }),
      runners: () =>
        residents.list.map(({ model, sent, told }) => ({
          ...told,
          busy: traffic.running(model),
          problem: liveness.problemOf(model),
          ...(sent && { optionsJson: sent.options }),
          ...(onlyEmbeds(modelOf(model)) && { slots: mostEmbeds }),
        })),
    },
    review: placement.review,
    close: liveness.close,
  };
}

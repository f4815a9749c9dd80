import type { Clock } from '../ports.ts';
import type { FairQueue } from '../queue/fair-queue.ts';
import type { Entry } from './entry.ts';

/** The places of all that wait; worked out once as long as nobody comes or goes. */
export interface Places {
  /** Calls in front of this one; undefined: it does not wait. */
  of(entry: Entry): number | undefined;
  /** In their order. */
  readonly entries: readonly Entry[];
  /** They may be others than before. */
  changed(): void;
}

export function createPlaces(queue: Pick<FairQueue<Entry>, 'ordered'>, clock: Clock): Places {
  let places: ReadonlyMap<Entry, number> | undefined;
  const known = (): ReadonlyMap<Entry, number> => {
    places ??= new Map(Array.from(queue.ordered(clock.now()), (entry, place) => [entry, place]));
    return places;
  };
  return {
    of: (entry) => known().get(entry),
    get entries() {
      return [...known().keys()];
    },
    changed() {
      places = undefined;
    },
  };
}

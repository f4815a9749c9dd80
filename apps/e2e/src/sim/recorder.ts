import type { Clock } from '@tutti/core';
import type { Event, Happening } from './history.ts';

/** Writes down what happens. */
export interface Record {
  add(happening: Happening): void;
  nextNumber(): number;
  readonly events: readonly Event[];
}

export function createRecord(clock: Clock): Record {
  const events: Event[] = [];
  let last = 0;
  return {
    add: (happening) => void events.push({ at: clock.now(), ...happening }),
    nextNumber: () => ++last,
    events,
  };
}

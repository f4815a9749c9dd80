import type { Event, History } from '../history.ts';

/** Something that must never be, and was. */
export interface Violation {
  /** As in the list of invariants, and what it says. */
  readonly rule: string;
  readonly atMs: number;
  readonly what: string;
}

export type Invariant = (history: History) => Violation[];

type Kind = Event['kind'];
export type EventOf<K extends Kind> = Extract<Event, { readonly kind: K }>;

/** Events of one kind, in order. */
export function eventsOf<K extends Kind>({ events }: Pick<History, 'events'>, kind: K): EventOf<K>[] {
  return events.filter((event): event is EventOf<K> => event.kind === kind);
}

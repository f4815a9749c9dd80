/** A call's place in the queue. Attempts make new tickets with the same place. */
export interface Ticket {
  /** Order of arrival in this process. */
  readonly sequence: number;
  /** Number of the attempt that the ticket is for, from 1. */
  readonly attempt: number;
  /** Names of the nodes that have failed this call and are not asked again. */
  readonly excluded: ReadonlySet<string>;
  /** Its place in the order, the same object over all attempts; the queue writes it. */
  readonly place: Place;
}

/** Where a call stands in the order of the queue, once it has been there. */
export interface Place {
  /** Virtual time at which a fair server would have finished it. */
  finishTag?: number;
  /** When it first came into the queue, on the cluster's clock. */
  since?: number;
}

/** Returns a function that hands out tickets in order. */
export function ticketMachine(): () => Ticket {
  let sequence = 0;
  return () => ({ sequence: ++sequence, attempt: 1, excluded: new Set(), place: {} });
}

/** The ticket for the next attempt: same place, one node fewer. */
export function ticketWithout(ticket: Ticket, node: string | undefined): Ticket {
  const excluded = node === undefined ? ticket.excluded : new Set([...ticket.excluded, node]);
  return { ...ticket, attempt: ticket.attempt + 1, excluded };
}

/** A call's place in the queue. Attempts make new tickets with the same place. */
export interface Ticket {
  /** Order of arrival in this process. */
  readonly sequence: number;
  /** Number of the attempt that the ticket is for, from 1. */
  readonly attempt: number;
  /** Names of the nodes that have failed this call and are not asked again. */
  readonly excluded: ReadonlySet<string>;
}

/** Returns a function that hands out tickets in order. */
export function ticketMachine(): () => Ticket {
  let sequence = 0;
  return () => ({ sequence: ++sequence, attempt: 1, excluded: new Set() });
}

/** The ticket for the next attempt: same place, one node fewer. */
export function ticketWithout(ticket: Ticket, node: string | undefined): Ticket {
  const excluded = node === undefined ? ticket.excluded : new Set([...ticket.excluded, node]);
  return { ...ticket, attempt: ticket.attempt + 1, excluded };
}

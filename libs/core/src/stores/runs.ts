/** RUNNING: somebody works on it, or will. WAITING: a person is asked. The others are ends. */
export const runStates = ['RUNNING', 'WAITING', 'COMPLETED', 'CANCELLED', 'FAILED'] as const;

export type RunState = (typeof runStates)[number];

/** The head of a run: what lists show, and the lease. What happened is in its journal. */
export interface RunRecord {
  /** Unique. */
  readonly id: string;
  /** Name of its pattern. */
  readonly pattern: string;
  /** Id of the key that started it. */
  readonly key: string;
  /** What was asked, cut to a few hundred characters. */
  readonly title: string;
  readonly state: RunState;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970; undefined: it has not ended. */
  readonly endedAt?: number;
  /** Id of the process that works on it. */
  readonly owner: string;
  /** Grows with each sign of life of its owner; whoever sees it stand still for a lease's length may take the run over. */
  readonly revision: number;
}

/** One event of a run. The store does not look into it. */
export interface JournalEntry {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Number of the claim under which it was written. */
  readonly term: number;
  /** Milliseconds since 1970, on the writer's clock. */
  readonly time: number;
  /** Plain JSON, below 8 MB. */
  readonly event: unknown;
}

/** Something said to a run by a process that does not own it: cancel, or the answer to a question. */
export interface RunMessage {
  /** Unique in the run: what is said twice counts once. */
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Plain JSON. */
  readonly document: unknown;
}

export interface RunFilter {
  readonly key?: string;
  readonly pattern?: string;
  readonly state?: RunState;
}

/**
 * Runs with their journals. Whoever reads sees what it, and what anybody else before, has written. After
 * `storage_unavailable` a write may have been done or not: read. What is written to a run that was never created may be
 * refused with `not_found`.
 */
export interface RunRepository {
  /** False, and nothing is stored, if the id is taken. */
  create(run: RunRecord): Promise<boolean>;
  find(id: string): Promise<RunRecord | undefined>;
  /** Newest first, those before the run `before`; `invalid_request` if that one is not there. */
  list(filter: RunFilter, page: { readonly limit: number; readonly before?: string }): Promise<RunRecord[]>;
  /** Those without an end, oldest first. */
  unfinished(limit: number): Promise<RunRecord[]>;
  /**
   * A sign of life: the head gets this state, owner and end, and its revision grows by one. Undefined, and nothing is
   * changed, if the revision is not `expected` any more: somebody else owns it.
   */
  renew(
    id: string,
    expected: number,
    head: Pick<RunRecord, 'state' | 'owner' | 'endedAt'>,
  ): Promise<RunRecord | undefined>;
  /**
   * Adds entries, in order, once those of the call before are stored. False if the number of one is taken: somebody else
   * writes this journal now. Of such a batch those before the taken number may have been stored. `too_large`, and
   * nothing is stored, if one has more than 8 MB.
   */
  append(id: string, entries: readonly JournalEntry[]): Promise<boolean>;
  /** Entries after `after`, in order. */
  read(id: string, after: number, limit: number): Promise<JournalEntry[]>;
  /** False if something was said under that key before: the first one stands. */
  post(id: string, message: RunMessage): Promise<boolean>;
  /** All that was said, in the order of arrival. */
  messages(id: string): Promise<RunMessage[]>;
  /** Forgets runs that ended before `endedBefore`, with all that belongs to them; returns how many. */
  removeEnded(endedBefore: number): Promise<number>;
}

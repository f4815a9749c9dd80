/** What is kept as whole documents, each kind apart from the others. */
export const documentKinds = ['conversations', 'workflows', 'parameters', 'responses', 'answers'] as const;

export type DocumentKind = (typeof documentKinds)[number];

export interface DocumentRecord {
  /** Unique within its kind. */
  readonly id: string;
  /** Id of the key that it belongs to. */
  readonly key: string;
  /** Grows by one with each change, from 1. */
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  /** Milliseconds since 1970: it is not found from then on, and forgotten some time after. Undefined: never. */
  readonly expiresAt?: number;
  /** Plain JSON, below 8 MB. */
  readonly document: unknown;
}

/** Documents of one kind. A change names the revision that it was made from, so that no two are made from one. */
export interface DocumentRepository {
  /** False, and nothing is stored, if the id is taken by one that has not expired when this one is created. */
  add(record: DocumentRecord): Promise<boolean>;
  /** Not what has expired at `now`. */
  find(id: string, now: number): Promise<DocumentRecord | undefined>;
  /**
   * Last changed first, those of `key` (undefined: all); not what has expired at `now`. `before` is the last of the page
   * before, as it was then: it may have changed, or be gone.
   */
  list(
    key: string | undefined,
    page: { readonly limit: number; readonly before?: Pick<DocumentRecord, 'id' | 'updatedAt'> },
    now: number,
  ): Promise<DocumentRecord[]>;
  /**
   * Puts a document in place of the one with revision `expected`, and returns it with the next revision. Undefined, and
   * nothing is changed, if that is not its revision any more or it is gone.
   */
  replace(
    id: string,
    expected: number,
    change: Pick<DocumentRecord, 'document' | 'updatedAt' | 'expiresAt'>,
  ): Promise<DocumentRecord | undefined>;
  /** False if there was none. */
  remove(id: string): Promise<boolean>;
  /** Forgets those not changed since `updatedBefore`; returns how many. What has expired goes by itself. */
  removeOld(updatedBefore: number): Promise<number>;
}

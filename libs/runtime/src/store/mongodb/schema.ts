import type { IndexDescription } from 'mongodb';

/** Stands in every document. One with another number was written by a version of Tutti that keeps it differently. */
export const schemaVersion = 1;

export interface Versioned {
  readonly schemaVersion: typeof schemaVersion;
}

const deletedAtItsTime: IndexDescription = { key: { deleteAt: 1 }, expireAfterSeconds: 0 };

export const indexes = {
  join_tokens: [deletedAtItsTime],
  logs: [
    deletedAtItsTime,
    { key: { requestId: 1, _id: 1 } },
    { key: { node: 1, _id: 1 } },
    { key: { level: 1, _id: 1 } },
    { key: { time: 1 } },
  ],
} satisfies Record<string, IndexDescription[]>;

import type { DocumentKind } from '@tutti/core';
import type { IndexDescription } from 'mongodb';

/** Stands in every document. One with another number was written by a version of Tutti that keeps it differently. */
export const schemaVersion = 1;

export interface Versioned {
  readonly schemaVersion: typeof schemaVersion;
}

const deletedAtItsTime: IndexDescription = { key: { deleteAt: 1 }, expireAfterSeconds: 0 };

/** Of a kind of documents: the order of its lists, of one key's and of all. */
const ofDocuments: IndexDescription[] = [
  deletedAtItsTime,
  { key: { updatedAt: 1, _id: 1 } },
  { key: { key: 1, updatedAt: 1, _id: 1 } },
];

export const indexes = {
  join_tokens: [deletedAtItsTime],
  logs: [
    deletedAtItsTime,
    { key: { requestId: 1, _id: 1 } },
    { key: { node: 1, _id: 1 } },
    { key: { level: 1, _id: 1 } },
    { key: { time: 1 } },
  ],
  runs: [
    { key: { createdAt: 1, _id: 1 } },
    { key: { key: 1, createdAt: 1, _id: 1 } },
    { key: { pattern: 1, createdAt: 1, _id: 1 } },
    { key: { state: 1, createdAt: 1, _id: 1 } },
    { key: { endedAt: 1, createdAt: 1, _id: 1 } },
  ],
  // What must be unique is an id: that holds before any index is made.
  journal: [{ key: { '_id.run': 1, '_id.seq': 1 } }],
  messages: [{ key: { '_id.run': 1, number: 1 } }],
  conversations: ofDocuments,
  workflows: ofDocuments,
  parameters: ofDocuments,
  responses: ofDocuments,
  answers: ofDocuments,
} satisfies Record<string, IndexDescription[]> & Record<DocumentKind, IndexDescription[]>;

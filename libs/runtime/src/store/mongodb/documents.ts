import type { Collection } from 'mongodb';
import {
  documentKinds,
  storedJson,
  type DocumentKind,
  type DocumentRecord,
  type DocumentRepository,
} from '@tutti/core';
import type { Connection } from './connection.ts';
import { isDuplicate } from './mongodb-error.ts';
import { schemaVersion, type Versioned } from './schema.ts';

interface StoredDocument extends Omit<DocumentRecord, 'id' | 'expiresAt' | 'document'>, Versioned {
  readonly _id: string;
  readonly expiresAt: number | null;
  readonly deleteAt: Date | null;
  /** Text: names of fields are the caller's, and MongoDB has its own ideas of them. */
  readonly document: string;
}

/** MongoDB's clock may be ahead of those that say what has expired. */
const keepExpiredMs = 3_600_000;

/** A collection for each kind. A document of an unknown schema version is not seen. */
export function createDocuments(connection: Connection): Record<DocumentKind, DocumentRepository> {
  const byKind = documentKinds.map((kind) => [kind, createKind(connection, kind)] as const);
  return Object.fromEntries(byKind) as Record<DocumentKind, DocumentRepository>;
}

function createKind(connection: Connection, kind: DocumentKind): DocumentRepository {
  const use = <T>(work: (documents: Collection<StoredDocument>) => Promise<T>): Promise<T> =>
    connection.use(kind, work);
  const onlyOne = (id: string) => ({ _id: { $eq: id }, schemaVersion }) as const;

  return {
    add: ({ id, key, revision, createdAt, ...rest }) =>
      use(async (documents) => {
        const added = { schemaVersion, key, revision, createdAt, ...toStored(rest) } as const;
        const expired = { ...onlyOne(id), expiresAt: { $lte: createdAt } };
        try {
          await documents.replaceOne(expired, added, { upsert: true });
          return true;
        } catch (error) {
          if (!isDuplicate(error)) throw error;
          return false;
        }
      }),
    find: (id, now) => use(async (documents) => optional(await documents.findOne({ ...onlyOne(id), ...aliveAt(now) }))),
    list: (key, { limit, before }, now) =>
      use(async (documents) => {
        // MongoDB takes 0 for all.
        if (limit === 0) return [];
        const owned = key === undefined ? {} : { key: { $eq: key } };
        const found = documents.find({ schemaVersion, ...owned, ...aliveAt(now), ...(before && olderThan(before)) });
        return (await found.sort({ updatedAt: -1, _id: -1 }).limit(limit).toArray()).map(toRecord);
      }),
    replace: (id, expected, change) =>
      use(async (documents) => {
        const same = { ...onlyOne(id), revision: { $eq: expected } };
        const update = { $set: toStored(change), $inc: { revision: 1 } } as const;
        return optional(await documents.findOneAndUpdate(same, update, { returnDocument: 'after' }));
      }),
    remove: (id) => use(async (documents) => (await documents.deleteOne(onlyOne(id))).deletedCount === 1),
    removeOld: (updatedBefore) =>
      use(async (documents) => {
        const { deletedCount } = await documents.deleteMany({ schemaVersion, updatedAt: { $lt: updatedBefore } });
        return deletedCount;
      }),
  };
}

type Change = 'updatedAt' | 'expiresAt' | 'document';

function toStored(change: Pick<DocumentRecord, Change>): Pick<StoredDocument, Change | 'deleteAt'> {
  const { updatedAt, expiresAt, document } = change;
  return {
    updatedAt,
    expiresAt: expiresAt ?? null,
    deleteAt: expiresAt === undefined ? null : new Date(expiresAt + keepExpiredMs),
    document: storedJson(document, 'The document'),
  };
}

function aliveAt(now: number) {
  return { expiresAt: { $not: { $lte: now } } } as const;
}

/** The first condition is for the index: it has no use for `$or`. */
function olderThan({ updatedAt, id }: Pick<DocumentRecord, 'updatedAt' | 'id'>) {
  return { updatedAt: { $lte: updatedAt }, $or: [{ updatedAt: { $lt: updatedAt } }, { _id: { $lt: id } }] };
}

function optional(document: StoredDocument | null): DocumentRecord | undefined {
  return document ? toRecord(document) : undefined;
}

function toRecord({ _id, key, revision, createdAt, updatedAt, expiresAt, document }: StoredDocument): DocumentRecord {
  const end = expiresAt === null ? {} : { expiresAt };
  return { id: _id, key, revision, createdAt, updatedAt, ...end, document: JSON.parse(document) as unknown };
}

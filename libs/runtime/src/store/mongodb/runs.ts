import type { Collection, Filter } from 'mongodb';
import { missingPage, type RunFilter, type RunRecord, type RunRepository } from '@tutti/core';
import type { Connection } from './connection.ts';
import { createJournal, type EntryDocument } from './journal.ts';
import { createMessages, type MessageDocument } from './messages.ts';
import { isDuplicate } from './mongodb-error.ts';
import { schemaVersion, type Versioned } from './schema.ts';

export interface RunDocument extends Omit<RunRecord, 'id' | 'endedAt'>, Versioned {
  readonly _id: string;
  readonly endedAt: number | null;
  /** How many were posted. */
  readonly messages: number;
}

/** Runs that are forgotten before the next are looked up. */
const endedAtOnce = 100;

/** A run of an unknown schema version is not seen. */
export function createRuns(connection: Connection): RunRepository {
  const use = <T>(work: (runs: Collection<RunDocument>) => Promise<T>): Promise<T> => connection.use('runs', work);
  const onlyOne = (id: string) => ({ _id: { $eq: id }, schemaVersion }) as const;

  /** What belongs to a run goes first, its head last: what is cut short goes on the next time. */
  const forget = async (id: string, endedBefore: number): Promise<number> => {
    await connection.use<EntryDocument, unknown>('journal', (all) => all.deleteMany({ '_id.run': { $eq: id } }));
    await connection.use<MessageDocument, unknown>('messages', (all) => all.deleteMany({ '_id.run': { $eq: id } }));
    const { deletedCount } = await use((runs) => runs.deleteOne({ ...onlyOne(id), endedAt: { $lt: endedBefore } }));
    return deletedCount;
  };

  return {
    ...createJournal(connection),
    ...createMessages(connection),
    create: ({ id, endedAt = null, ...rest }) =>
      use(async (runs) => {
        try {
          await runs.insertOne({ _id: id, schemaVersion, ...rest, endedAt, messages: 0 });
          return true;
        } catch (error) {
          if (!isDuplicate(error)) throw error;
          return false;
        }
      }),
    find: (id) => use(async (runs) => optional(await runs.findOne(onlyOne(id)))),
    list: (filter, { limit, before }) =>
      use(async (runs) => {
        if (limit === 0) return [];
        const last = before === undefined ? undefined : await runs.findOne(onlyOne(before));
        if (last === null) throw missingPage();
        const found = runs.find({ ...matching(filter), ...(last && olderThan(last)) });
        return (await found.sort({ createdAt: -1, _id: -1 }).limit(limit).toArray()).map(toRun);
      }),
    unfinished: (limit) =>
      use(async (runs) => {
        if (limit === 0) return [];
        const found = runs.find({ schemaVersion, endedAt: null });
        return (await found.sort({ createdAt: 1, _id: 1 }).limit(limit).toArray()).map(toRun);
      }),
    renew: (id, expected, { state, owner, endedAt = null }) =>
      use(async (runs) => {
        const change = { $set: { state, owner, endedAt }, $inc: { revision: 1 } } as const;
        const same = { ...onlyOne(id), revision: { $eq: expected } };
        return optional(await runs.findOneAndUpdate(same, change, { returnDocument: 'after' }));
      }),
    async removeEnded(endedBefore) {
      let removed = 0;
      for (;;) {
        const ended = await use((runs) =>
          runs
            .find({ schemaVersion, endedAt: { $lt: endedBefore } })
            .limit(endedAtOnce)
            .toArray(),
        );
        if (ended.length === 0) return removed;
        for (const { _id } of ended) removed += await forget(_id, endedBefore);
      }
    },
  };
}

function matching({ key, pattern, state }: RunFilter): Filter<RunDocument> {
  return {
    schemaVersion,
    ...(key !== undefined && { key: { $eq: key } }),
    ...(pattern !== undefined && { pattern: { $eq: pattern } }),
    ...(state !== undefined && { state: { $eq: state } }),
  };
}

/** The first condition is for the index: it has no use for `$or`. */
function olderThan({ createdAt, _id }: RunDocument): Filter<RunDocument> {
  return { createdAt: { $lte: createdAt }, $or: [{ createdAt: { $lt: createdAt } }, { _id: { $lt: _id } }] };
}

function optional(document: RunDocument | null): RunRecord | undefined {
  return document ? toRun(document) : undefined;
}

function toRun({ _id, schemaVersion: _version, messages: _messages, endedAt, ...rest }: RunDocument): RunRecord {
  return { id: _id, ...rest, ...(endedAt !== null && { endedAt }) };
}

import { ClusterError, type KeyRecord, type KeyRepository } from '@tutti/core';
import type { Connection } from './connection.ts';
import { isDuplicate } from './mongodb-error.ts';
import { schemaVersion, type Versioned } from './schema.ts';

interface KeyDocument extends Omit<KeyRecord, 'id'>, Versioned {
  readonly _id: string;
}

/** A key of an unknown schema version opens nothing: it is not seen. */
export function createKeys(connection: Connection): KeyRepository {
  const { use } = connection;
  const collection = 'keys';
  return {
    add: ({ id, ...rest }) =>
      use<KeyDocument, void>(collection, async (keys) => {
        try {
          await keys.insertOne({ _id: id, schemaVersion, ...rest });
        } catch (error) {
          if (!isDuplicate(error)) throw error;
          throw new ClusterError('invalid_request', `The key id "${id}" is taken.`, { param: 'id' });
        }
      }),
    list: () =>
      use<KeyDocument, KeyRecord[]>(collection, async (keys) => {
        const found = await keys.find({ schemaVersion }).sort({ createdAt: 1, _id: 1 }).toArray();
        return found.map(toKey);
      }),
    remove: (id) =>
      use<KeyDocument, KeyRecord | undefined>(collection, async (keys) => {
        const found = await keys.findOneAndDelete({ _id: { $eq: id }, schemaVersion });
        return found ? toKey(found) : undefined;
      }),
  };
}

function toKey({ _id, schemaVersion: _version, ...rest }: KeyDocument): KeyRecord {
  return { id: _id, ...rest };
}

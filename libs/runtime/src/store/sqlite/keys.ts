import { ClusterError, type KeyRecord, type KeyRepository } from '@tutti/core';
import type { Database } from './database.ts';
import { isTaken } from './sqlite-error.ts';

export function createKeys(database: Database): KeyRepository {
  const { prepare, use } = database;
  return {
    add: (key) =>
      use(() => {
        try {
          prepare('insert into keys values (?, ?, ?)').run(key.id, key.createdAt, JSON.stringify(key));
        } catch (error) {
          if (!isTaken(error)) throw error;
          throw new ClusterError('invalid_request', `The key id "${key.id}" is taken.`, { param: 'id' });
        }
      }),
    list: () => use(() => prepare('select record from keys order by created_at, rowid').all().map(toKey)),
    remove: (id) =>
      use(() => {
        const row = prepare('delete from keys where id = ? returning record').get(id);
        return row && toKey(row);
      }),
  };
}

function toKey(row: Record<string, unknown>): KeyRecord {
  return JSON.parse(String(row['record'])) as KeyRecord;
}

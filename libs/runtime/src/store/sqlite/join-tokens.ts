import { ClusterError, type JoinTokenRecord, type JoinTokenRepository } from '@tutti/core';
import { keepExpiredTokensMs } from '../expired-tokens.ts';
import type { Database } from './database.ts';
import { isTaken } from './sqlite-error.ts';

const columns =
  'id, secret_hash as secretHash, uses_left as usesLeft, created_at as createdAt, expires_at as expiresAt';

export function createJoinTokens({ prepare, use }: Database): JoinTokenRepository {
  return {
    add: (token) =>
      use(() => {
        const { id, secretHash, usesLeft, createdAt, expiresAt } = token;
        prepare('delete from join_tokens where expires_at < ?').run(createdAt - keepExpiredTokensMs);
        try {
          prepare('insert into join_tokens values (?, ?, ?, ?, ?)').run(id, secretHash, usesLeft, createdAt, expiresAt);
        } catch (error) {
          if (!isTaken(error)) throw error;
          throw new ClusterError('invalid_request', `The token id "${id}" is taken.`, { param: 'id' });
        }
      }),
    list: (now) =>
      use(() =>
        prepare(`select ${columns} from join_tokens where uses_left > 0 and expires_at > ? order by created_at, rowid`)
          .all(now)
          .map(toToken),
      ),
    find: (id) => use(() => optional(prepare(`select ${columns} from join_tokens where id = ?`).get(id))),
    burn: (id, secretHash, now) =>
      use(() => {
        const { changes } = prepare(
          `update join_tokens set uses_left = uses_left - 1
           where id = ? and secret_hash = ? and uses_left > 0 and expires_at > ?`,
        ).run(id, secretHash, now);
        return changes === 1;
      }),
    remove: (id) => use(() => optional(prepare(`delete from join_tokens where id = ? returning ${columns}`).get(id))),
  };
}

function optional(row: object | undefined): JoinTokenRecord | undefined {
  return row && toToken(row);
}

function toToken(row: object): JoinTokenRecord {
  return { ...row } as JoinTokenRecord;
}

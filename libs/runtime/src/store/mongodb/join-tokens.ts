import { ClusterError, type JoinTokenRecord, type JoinTokenRepository } from '@tutti/core';
import { keepExpiredTokensMs } from '../expired-tokens.ts';
import type { Connection } from './connection.ts';
import { isDuplicate } from './mongodb-error.ts';
import { schemaVersion, type Versioned } from './schema.ts';

interface TokenDocument extends Omit<JoinTokenRecord, 'id'>, Versioned {
  readonly _id: string;
  readonly deleteAt: Date;
}

/** A token of an unknown schema version opens nothing: it is not seen. */
export function createJoinTokens({ use }: Connection): JoinTokenRepository {
  const collection = 'join_tokens';
  const onlyOne = (id: string) => ({ _id: { $eq: id }, schemaVersion }) as const;
  return {
    add: ({ id, ...rest }) =>
      use<TokenDocument, void>(collection, async (tokens) => {
        const deleteAt = new Date(rest.expiresAt + keepExpiredTokensMs);
        try {
          await tokens.insertOne({ _id: id, schemaVersion, deleteAt, ...rest });
        } catch (error) {
          if (!isDuplicate(error)) throw error;
          throw new ClusterError('invalid_request', `The token id "${id}" is taken.`, { param: 'id' });
        }
      }),
    list: (now) =>
      use<TokenDocument, JoinTokenRecord[]>(collection, async (tokens) => {
        const alive = tokens.find({ schemaVersion, usesLeft: { $gt: 0 }, expiresAt: { $gt: now } });
        return (await alive.sort({ createdAt: 1, _id: 1 }).toArray()).map(toToken);
      }),
    find: (id) =>
      use<TokenDocument, JoinTokenRecord | undefined>(collection, async (tokens) =>
        optional(await tokens.findOne(onlyOne(id))),
      ),
    burn: (id, secretHash, now) =>
      use<TokenDocument, boolean>(collection, async (tokens) => {
        const { modifiedCount } = await tokens.updateOne(
          { ...onlyOne(id), secretHash: { $eq: secretHash }, usesLeft: { $gt: 0 }, expiresAt: { $gt: now } },
          { $inc: { usesLeft: -1 } },
        );
        return modifiedCount === 1;
      }),
    remove: (id) =>
      use<TokenDocument, JoinTokenRecord | undefined>(collection, async (tokens) =>
        optional(await tokens.findOneAndDelete(onlyOne(id))),
      ),
  };
}

function optional(document: TokenDocument | null): JoinTokenRecord | undefined {
  return document ? toToken(document) : undefined;
}

function toToken({ _id, secretHash, usesLeft, createdAt, expiresAt }: TokenDocument): JoinTokenRecord {
  return { id: _id, secretHash, usesLeft, createdAt, expiresAt };
}

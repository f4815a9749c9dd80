import { ClusterError, type JoinTokenRecord, type KeyRecord, type Store } from '@tutti/core';

/** Keys and join tokens in memory, with a switch. */
export interface MemoryStore extends Pick<Store, 'keys' | 'joinTokens'> {
  /** Whether every method rejects. */
  away: boolean;
}

export function memoryStore(): MemoryStore {
  const keys = new Map<string, KeyRecord>();
  const tokens = new Map<string, JoinTokenRecord>();

  const reach = async (): Promise<void> => {
    await Promise.resolve();
    if (store.away) throw new ClusterError('storage_unavailable', 'The store does not answer.');
  };
  const take = <T>(map: Map<string, T>, id: string): T | undefined => {
    const found = map.get(id);
    map.delete(id);
    return found;
  };

  const store: MemoryStore = {
    away: false,
    keys: {
      async add(key) {
        await reach();
        keys.set(key.id, key);
      },
      async list() {
        await reach();
        return [...keys.values()];
      },
      async remove(id) {
        await reach();
        return take(keys, id);
      },
    },
    joinTokens: {
      async add(token) {
        await reach();
        tokens.set(token.id, token);
      },
      async list(now) {
        await reach();
        return [...tokens.values()].filter(({ usesLeft, expiresAt }) => usesLeft > 0 && now < expiresAt);
      },
      async find(id) {
        await reach();
        return tokens.get(id);
      },
      async burn() {
        throw new ClusterError('not_implemented', 'Nobody joins here.');
      },
      async remove(id) {
        await reach();
        return take(tokens, id);
      },
    },
  };
  return store;
}

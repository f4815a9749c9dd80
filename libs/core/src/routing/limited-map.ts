/** A map that forgets what was set longest ago once it holds `limit` entries. */
export interface LimitedMap<V> extends Iterable<[string, V]> {
  readonly size: number;
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

export function createLimitedMap<V>(limit: number): LimitedMap<V> {
  const entries = new Map<string, V>();
  return {
    get size() {
      return entries.size;
    },
    get: (key) => entries.get(key),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > limit) entries.delete(entries.keys().next().value!);
    },
    delete(key) {
      entries.delete(key);
    },
    [Symbol.iterator]: () => entries[Symbol.iterator](),
  };
}

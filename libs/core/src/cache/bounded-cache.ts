import type { Clock } from '../ports.ts';

/** Keeps what was used last, for a time, within a number of bytes. */
export interface BoundedCache<V> {
  get(key: string): V | undefined;
  /** `bytes`: what the value takes. One that would take over an eighth of all is not kept. `ageMs`: of its time, so much is over. */
  set(key: string, value: V, bytes: number, ageMs?: number): void;
  readonly entries: number;
  readonly bytes: number;
  /** How many had to make room for others. */
  readonly evicted: number;
}

export interface CacheLimits {
  readonly maxBytes: number;
  readonly ttlMs: number;
}

interface Options {
  readonly clock: Clock;
  /** Looked at anew at each use. */
  readonly limits: () => CacheLimits;
}

interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
  readonly since: number;
}

const largestPart = 1 / 8;

/** What an entry takes beside its value. */
const overheadBytes = 256;

export function createBoundedCache<V>({ clock, limits }: Options): BoundedCache<V> {
  /** The one that was used longest ago comes first. */
  const entries = new Map<string, Entry<V>>();
  let total = 0;
  let evicted = 0;

  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (!entry) return;
    entries.delete(key);
    total -= entry.bytes;
  };

  return {
    get(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      if (clock.now() - entry.since >= limits().ttlMs) {
        total -= entry.bytes;
        return undefined;
      }
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, valueBytes, ageMs = 0) {
      const { maxBytes } = limits();
      const bytes = valueBytes + overheadBytes;
      remove(key);
      if (bytes > maxBytes * largestPart) return;
      entries.set(key, { value, bytes, since: clock.now() - ageMs });
      total += bytes;
      while (total > maxBytes) {
        remove(entries.keys().next().value!);
        evicted += 1;
      }
    },
    get entries() {
      return entries.size;
    },
    get bytes() {
      return total;
    },
    get evicted() {
      return evicted;
    },
  };
}

import type { Clock } from '../ports.ts';
import type { AnswerShelf } from './answer-shelf.ts';
import { createBoundedCache, type BoundedCache, type CacheLimits } from './bounded-cache.ts';

/** What became of a call at the cache. */
export type CacheOutcome = 'hit' | 'miss' | 'bypass';

export interface CacheSettings extends CacheLimits {
  readonly enabled: boolean;
  /** Whether answers go into the store as well. */
  readonly persist: boolean;
}

/** Since the process started. */
export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  readonly bypassed: number;
  readonly entries: number;
  readonly bytes: number;
  readonly evicted: number;
  /** Prompt and output tokens of the answers that no model had to give again. */
  readonly savedTokens: number;
}

/** Answers that may be given again, and counts of how that goes. */
export interface AnswerCache {
  readonly settings: CacheSettings;
  readonly memory: BoundedCache<Uint8Array>;
  /** Undefined: nothing is kept in a store now. */
  readonly shelf: AnswerShelf | undefined;
  count(outcome: CacheOutcome): void;
  countSaved(tokens: number): void;
  stats(): CacheStats;
}

interface Options {
  readonly clock: Clock;
  /** Looked at anew at each use. */
  readonly settings: () => CacheSettings;
  /** Left out: answers are kept in memory only. */
  readonly shelf?: AnswerShelf;
}

export function createAnswerCache({ clock, settings, shelf }: Options): AnswerCache {
  const memory = createBoundedCache<Uint8Array>({ clock, limits: settings });
  const counts: Record<CacheOutcome, number> = { hit: 0, miss: 0, bypass: 0 };
  let savedTokens = 0;
  return {
    memory,
    get settings() {
      return settings();
    },
    get shelf() {
      return settings().persist ? shelf : undefined;
    },
    count: (outcome) => void (counts[outcome] += 1),
    countSaved: (tokens) => void (savedTokens += tokens),
    stats: () => ({
      ...{ hits: counts.hit, misses: counts.miss, bypassed: counts.bypass, savedTokens },
      ...{ entries: memory.entries, bytes: memory.bytes, evicted: memory.evicted },
    }),
  };
}

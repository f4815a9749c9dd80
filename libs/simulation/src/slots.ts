import type { PrefixMark } from '@tutti/core/cluster';

/** What a call brings into a slot. */
export interface Prompt {
  readonly tokens: number;
  /** Marks of its beginnings, shortest first. */
  readonly prefix: readonly PrefixMark[];
}

/** A place in a runner, taken by one call. */
export interface Slot {
  /** Tokens of the call's prompt that the slot has from an earlier one. */
  readonly cachedTokens: number;
  /** Gives it back. `readTokens` of the prompt were read, all by default: so much stays in its cache. Once only. */
  leave(readTokens?: number): void;
}

/** The slots of a runner. Who finds none waits, first come, first served. */
export interface Slots {
  readonly count: number;
  readonly busy: number;
  readonly waiting: number;
  /** Calls `entered` when there is a slot, at once if one is free; the returned function takes that back. */
  enter(prompt: Prompt, entered: (slot: Slot) => void): () => void;
}

interface Place {
  taken: boolean;
  /** The last prompt's marks: tokens by hash. */
  cache: ReadonlyMap<number, number>;
}

export function createSlots(count: number): Slots {
  const places = Array.from({ length: count }, (): Place => ({ taken: false, cache: new Map() }));
  const waiting = new Set<() => void>();

  function take(place: Place, { tokens, prefix }: Prompt, cached: number): Slot {
    place.taken = true;
    place.cache = new Map(prefix.map((mark) => [mark.hash, mark.tokens]));
    return {
      // One token is always read, to have something to go on from.
      cachedTokens: Math.max(0, Math.min(cached, tokens - 1)),
      leave(readTokens = Infinity) {
        place.taken = false;
        if (readTokens < tokens) place.cache = upTo(place.cache, readTokens);
        const [next] = waiting;
        if (next === undefined) return;
        waiting.delete(next);
        next();
      },
    };
  }

  /** The free place that has most of the prompt; of equals the first. */
  function best(prefix: Prompt['prefix']): { place: Place; cached: number } | undefined {
    let found: { place: Place; cached: number } | undefined;
    for (const place of places) {
      if (place.taken) continue;
      const cached = prefix.findLast((mark) => place.cache.get(mark.hash) === mark.tokens)?.tokens ?? 0;
      if (!found || cached > found.cached) found = { place, cached };
    }
    return found;
  }

  return {
    count,
    get busy() {
      return places.filter((place) => place.taken).length;
    },
    get waiting() {
      return waiting.size;
    },
    enter(prompt, entered) {
      const enter = (): void => {
        const found = best(prompt.prefix);
        if (found) entered(take(found.place, prompt, found.cached));
        else waiting.add(enter);
      };
      enter();
      return () => void waiting.delete(enter);
    },
  };
}

function upTo(cache: Place['cache'], tokens: number): Place['cache'] {
  return new Map([...cache].filter(([, length]) => length <= tokens));
}

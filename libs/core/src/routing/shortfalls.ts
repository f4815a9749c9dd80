import { createLimitedMap } from './limited-map.ts';

/** Loads that failed for want of memory, and what they show of a model. */
export interface Shortfalls {
  /** A load on the node could not get so many bytes for each token of context. */
  add(node: string, model: string, tokenBytes: number, now: number): void;
  /** Bytes for each token of context that the model was shown to need on the node; 0: nothing was. */
  tokenBytes(node: string, model: string): number;
  /** What is old may be over: memory that somebody else had taken is free again. */
  expire(now: number): void;
}

interface Shortfall {
  readonly tokenBytes: number;
  readonly at: number;
}

const mostModels = 2_000;
const mostNodes = 64;
const lastsMs = 600_000;

/** One node may have less memory than it says; it takes two to tell something of the model on all others. */
export function createShortfalls(): Shortfalls {
  const byModel = createLimitedMap<Map<string, Shortfall>>(mostModels);

  return {
    add(node, model, tokenBytes, now) {
      const found = byModel.get(model) ?? new Map<string, Shortfall>();
      const most = Math.max(tokenBytes, found.get(node)?.tokenBytes ?? 0);
      found.delete(node);
      found.set(node, { tokenBytes: most, at: now });
      if (found.size > mostNodes) found.delete(found.keys().next().value!);
      byModel.set(model, found);
    },
    tokenBytes(node, model) {
      if (byModel.size === 0) return 0;
      const found = byModel.get(model);
      return found ? Math.max(found.get(node)?.tokenBytes ?? 0, secondMost(found)) : 0;
    },
    expire(now) {
      for (const [model, found] of byModel) {
        for (const [node, { at }] of found) if (now - at > lastsMs) found.delete(node);
        if (found.size === 0) byModel.delete(model);
      }
    },
  };
}

function secondMost(found: ReadonlyMap<string, Shortfall>): number {
  let [first, second] = [0, 0];
  for (const { tokenBytes } of found.values()) {
    if (tokenBytes > first) [first, second] = [tokenBytes, first];
    else if (tokenBytes > second) second = tokenBytes;
  }
  return second;
}

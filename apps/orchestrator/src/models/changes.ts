import { canonicalModel } from '@tutti/core';

/** A change of one model on one node, until whoever asked for it has been told. */
export interface Change {
  /** The node has done it. */
  done(): void;
  /** False: another change of the same model there ran at the same time, or has begun since. Nobody knows what comes of both. */
  readonly alone: boolean;
  /** Nobody waits for it any more. */
  end(): void;
}

interface Entry {
  working: boolean;
  alone: boolean;
}

/** The changes of models that are under way, by node and model. */
export function createChanges(): (node: string, model: string) => Change {
  const all = new Map<string, Set<Entry>>();
  return (node, model) => {
    const key = `${node} ${canonicalModel(model)}`;
    const same = all.get(key) ?? new Set();
    const own = { working: true, alone: ![...same].some(({ working }) => working) };
    for (const other of same) other.alone = false;
    all.set(key, same.add(own));
    return {
      done: () => void (own.working = false),
      get alone() {
        return own.alone;
      },
      end() {
        own.working = false;
        same.delete(own);
        if (same.size === 0 && all.get(key) === same) all.delete(key);
      },
    };
  };
}

import { canonicalModel, type Clock } from '@tutti/core';
import type { Inventory } from './backend.ts';

/** The models of a server, as they were last read. */
export interface ListedModels<Found> {
  /** Reads them. Rejects with a ClusterError. */
  read(signal: AbortSignal): Promise<Inventory>;
  /** By the server's own name. Undefined: it is not there. What is not read yet is taken to be. */
  find(name: string): Found | undefined;
}

export interface ListedModelsOptions {
  /** Models to offer; undefined: all. */
  readonly wanted: readonly string[] | undefined;
  readonly cloud: boolean;
  readonly slots: number;
  readonly clock: Clock;
}

/** Those of a server's models that are wanted; undefined: all are. */
export function offered<T extends { readonly id: string }>(
  listed: readonly T[],
  wanted: readonly string[] | undefined,
): readonly T[] {
  if (!wanted) return listed;
  const names = new Set(wanted.map(canonicalModel));
  return listed.filter(({ id }) => names.has(canonicalModel(id)));
}

type Read = (signal: AbortSignal) => Promise<Inventory>;

/** Reads an inventory anew only if it is as old as `freshMs`. After a failure there is none. */
export function rereadAfter(freshMs: number, clock: Clock, read: Read): Read {
  let kept: Inventory | undefined;
  let readAt = 0;
  return async (signal) => {
    if (kept && clock.now() - readAt < freshMs) return kept;
    kept = undefined;
    kept = await read(signal);
    readAt = clock.now();
    return kept;
  };
}

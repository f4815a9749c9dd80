import type { Runner } from './runner.ts';

/** The models in memory: one runner a model. */
export interface Memory {
  readonly runners: readonly Runner[];
  readonly usedBytes: number;
  get(model: string): Runner | undefined;
  add(runner: Runner): void;
  /** False if it is not there. */
  remove(runner: Runner): boolean;
  clear(): void;
  /** Whether something has to go before another runner of that size can come. */
  isFull(bytes: number): boolean;
  /** What goes first: an idle one before a busy one, then the one with the shortest keep-alive, then by name. */
  victim(): Runner | undefined;
}

export function createMemory(capacityBytes: number, maxRunners: number): Memory {
  const runners = new Map<string, Runner>();
  let usedBytes = 0;
  return {
    get runners() {
      return [...runners.values()];
    },
    get usedBytes() {
      return usedBytes;
    },
    get: (model) => runners.get(model),
    add(runner) {
      runners.set(runner.spec.model, runner);
      usedBytes += runner.spec.bytes;
    },
    remove(runner) {
      if (runners.get(runner.spec.model) !== runner) return false;
      runners.delete(runner.spec.model);
      usedBytes -= runner.spec.bytes;
      return true;
    },
    clear() {
      for (const runner of runners.values()) runner.close();
      runners.clear();
      usedBytes = 0;
    },
    isFull: (bytes) => runners.size > 0 && (runners.size >= maxRunners || usedBytes + bytes > capacityBytes),
    victim: () => [...runners.values()].toSorted(byOrderOfGoing)[0],
  };
}

function byOrderOfGoing(a: Runner, b: Runner): number {
  if (a.users > 0 !== b.users > 0) return a.users > 0 ? 1 : -1;
  if (a.keepAliveMs !== b.keepAliveMs) return a.keepAliveMs - b.keepAliveMs;
  return a.spec.model < b.spec.model ? -1 : 1;
}

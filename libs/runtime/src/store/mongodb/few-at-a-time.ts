import { ClusterError, type Clock } from '@tutti/core';

interface Options {
  /** At a time. */
  readonly most: number;
  /** Whoever waits for longer is not begun any more. */
  readonly longestWaitMs: number;
  readonly clock: Pick<Clock, 'now'>;
}

/** Lets a few work at a time. The others wait in line, where they take next to no memory. */
export function fewAtATime({ most, longestWaitMs, clock }: Options): <T>(work: () => Promise<T>) => Promise<T> {
  let line: { readonly since: number; readonly go: () => void }[] = [];
  let next = 0;
  let working = 0;

  const leave = (): void => {
    const first = line[next++];
    if (first) return first.go();
    line = [];
    next = 0;
    working -= 1;
  };

  return async (work) => {
    if (working < most) working += 1;
    else {
      const since = clock.now();
      await new Promise<void>((go) => line.push({ since, go }));
      if (clock.now() - since > longestWaitMs) {
        leave();
        throw new ClusterError('storage_unavailable', 'The store has more to do than it gets done in time.');
      }
    }
    try {
      return await work();
    } finally {
      leave();
    }
  };
}

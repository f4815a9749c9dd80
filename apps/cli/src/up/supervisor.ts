import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from './child.ts';

interface Options<Facts> {
  /** Starts it; after the first time with what it said when it was first ready, so that it can be the same again. */
  readonly start: (before?: Facts) => Child<Facts>;
  /** The program ended by itself and starts again. */
  readonly onRestart: (exit: number | string) => void;
}

/** A program that is started again whenever it ends. */
export interface Supervised<Facts> {
  /** Of the first start: if that fails, nothing is started again. */
  readonly ready: Promise<Facts>;
  stop(graceMs: number): Promise<void>;
}

/** A program that lived for so long starts again at once; one that did not waits longer each time. */
const stableMs = 10_000;
const longestWaitMs = 10_000;

export function supervise<Facts>({ start, onRestart }: Options<Facts>): Supervised<Facts> {
  let child = start();
  const { ready } = child;
  const stopped = new AbortController();

  const watch = async (): Promise<void> => {
    const facts = await ready;
    for (let waitMs = 250; ; waitMs = Math.min(longestWaitMs, waitMs * 2)) {
      const startedAt = performance.now();
      const exit = await child.exited;
      if (stopped.signal.aborted) return;
      if (performance.now() - startedAt > stableMs) waitMs = 250;
      onRestart(exit);
      await sleep(waitMs, undefined, { signal: stopped.signal });
      child = start(facts);
    }
  };
  watch().catch(() => {});

  return {
    ready,
    stop(graceMs) {
      stopped.abort();
      return child.stop(graceMs);
    },
  };
}

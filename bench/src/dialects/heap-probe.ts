/** What a process holds on to. */
export interface Heap {
  /** After a forced collection. */
  readonly heapBytes: number;
  /** Sockets, timers and the like that keep it alive. */
  readonly resources: number;
}

/** Loaded before a program of ours (`--expose-gc --import`): tells what it holds when its parent asks. */
process.on('message', ({ ask }: { ask?: string }) => {
  if (ask !== 'heap') return;
  // Weak references are dropped by the first, what hung on them by the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const answer: Heap = {
    heapBytes: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().length,
  };
  process.send?.({ answer });
});

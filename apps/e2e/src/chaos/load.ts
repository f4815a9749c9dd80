/** Closed loop: so many at a time, each as soon as one has ended, as long as `next` gives a task. */
export async function closedLoop(clients: number, next: () => (() => Promise<void>) | undefined): Promise<void> {
  const client = async (): Promise<void> => {
    for (let task = next(); task; task = next()) await task();
  };
  await Promise.all(Array.from({ length: clients }, client));
}

/** The calls 0 to `count` - 1, in a closed loop. Returns what became of them, in the order of their ends. */
export async function closedCalls<T>(clients: number, count: number, run: (call: number) => Promise<T>): Promise<T[]> {
  const outcomes: T[] = [];
  let call = 0;
  await closedLoop(clients, () => {
    if (call >= count) return undefined;
    const own = call++;
    return async () => void outcomes.push(await run(own));
  });
  return outcomes;
}

/** Open loop: calls come at their times, whether others have ended or not. Resolves when all have. */
export async function openLoop<T>(perSecond: number, forMs: number, run: (call: number) => Promise<T>): Promise<T[]> {
  const startedAt = performance.now();
  const running: Promise<T>[] = [];
  const count = Math.round((perSecond * forMs) / 1_000);
  for (let call = 0; call < count; call++) {
    const waitMs = startedAt + (call * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await pause(waitMs);
    running.push(run(call));
  }
  return Promise.all(running);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Does a thing again and again until it is told to stop; `stop` resolves when the last one is over. */
export function repeated(work: (turn: number) => Promise<void>): { stop(): Promise<void> } {
  let stopped = false;
  const over = (async () => {
    for (let turn = 0; !stopped; turn++) await work(turn);
  })();
  return {
    stop() {
      stopped = true;
      return over;
    },
  };
}

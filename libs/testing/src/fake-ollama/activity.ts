export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** What the fake was asked and what became of it, for tests to look at and to wait for. */
export interface Activity {
  readonly requests: readonly FakeRequest[];
  /** Inference requests that have not been answered to the end. */
  readonly live: number;
  /** Inference requests whose client left before the end. */
  readonly aborted: number;
  record(request: FakeRequest): void;
  begin(): void;
  end(how: 'answered' | 'aborted'): void;
  whenRequest(path: string, count: number): Promise<FakeRequest>;
  whenIdle(): Promise<void>;
  whenAborted(count: number): Promise<void>;
}

interface Kept extends FakeRequest {
  /** How many requests to its path there have been, this one included. */
  readonly ordinal: number;
}

interface Waiter {
  readonly ready: () => boolean;
  readonly resolve: () => void;
}

/** Keeps the last `keep` requests. */
export function createActivity(keep: number): Activity {
  const requests: Kept[] = [];
  const counts = new Map<string, number>();
  const waiters = new Set<Waiter>();
  let live = 0;
  let aborted = 0;

  function changed(): void {
    for (const waiter of waiters) {
      if (!waiter.ready()) continue;
      waiters.delete(waiter);
      waiter.resolve();
    }
  }

  function when(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    waiters.add({ ready, resolve });
    return promise;
  }

  return {
    requests,
    get live() {
      return live;
    },
    get aborted() {
      return aborted;
    },
    record(request) {
      const ordinal = (counts.get(request.path) ?? 0) + 1;
      counts.set(request.path, ordinal);
      requests.push({ ...request, ordinal });
      if (requests.length > keep) requests.shift();
      changed();
    },
    begin() {
      live++;
    },
    end(how) {
      live--;
      if (how === 'aborted') aborted++;
      changed();
    },
    async whenRequest(path, count) {
      await when(() => (counts.get(path) ?? 0) >= count);
      const found = requests.find((request) => request.path === path && request.ordinal === count);
      if (!found) throw new Error(`request ${count} to ${path} is no longer kept: raise keepRequests above ${keep}`);
      return found;
    },
    whenIdle: () => when(() => live === 0),
    whenAborted: (count) => when(() => aborted >= count),
  };
}

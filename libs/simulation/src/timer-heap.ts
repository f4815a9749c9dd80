/** Something to do at a time. Belongs to one heap. */
export interface Timer {
  readonly dueMs: number;
  /** Decides between those that are due at the same time. */
  readonly order: number;
  readonly task: () => void;
  /** Where it is in its heap; -1: nowhere. */
  index: number;
}

/** A binary heap of timers, the earliest on top. */
export interface TimerHeap {
  readonly size: number;
  readonly first: Timer | undefined;
  add(timer: Timer): void;
  /** Does nothing if it is not there. */
  remove(timer: Timer): void;
}

export function createTimerHeap(): TimerHeap {
  const timers: Timer[] = [];

  function put(timer: Timer, index: number): void {
    timers[index] = timer;
    timer.index = index;
  }

  function rise(timer: Timer, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = timers[parentIndex];
      if (!parent || !isBefore(timer, parent)) break;
      put(parent, index);
      index = parentIndex;
    }
    put(timer, index);
  }

  function sink(timer: Timer, from: number): void {
    let index = from;
    for (;;) {
      const left = timers[2 * index + 1];
      const right = timers[2 * index + 2];
      const child = left && right && isBefore(right, left) ? right : left;
      if (!child || !isBefore(child, timer)) break;
      const childIndex = child.index;
      put(child, index);
      index = childIndex;
    }
    put(timer, index);
  }

  return {
    get size() {
      return timers.length;
    },
    get first() {
      return timers[0];
    },
    add(timer) {
      rise(timer, timers.length);
    },
    remove(timer) {
      const { index } = timer;
      if (index < 0) return;
      timer.index = -1;
      const last = timers.pop();
      if (!last || last === timer) return;
      rise(last, index);
      sink(last, last.index);
    },
  };
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.dueMs === b.dueMs ? a.order < b.order : a.dueMs < b.dueMs;
}

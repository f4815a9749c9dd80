import type { Clock } from '@tutti/core';

export interface Task {
  readonly amount: number;
  /** Amount a second if nothing else runs. Finite. */
  readonly speed: number;
  /** Tasks of one group slow each other less than those of others. Without a group it neither slows nor is slowed. */
  readonly group?: object;
  readonly done: () => void;
}

export interface Work {
  /** How much of the amount is done. */
  readonly progress: number;
  /** Ends it without `done`. */
  stop(): void;
}

/** The compute of a machine, shared by what runs on it. Rates change only when something starts or ends: nothing ticks. */
export interface Processor {
  /** `done` is never called before this has returned. */
  start(task: Task): Work;
  /** Makes everything that many times slower than it would be; 1: as fast as ever. */
  slow(factor: number): void;
  /** Stops everything where it is, or lets it go on. */
  hang(on: boolean): void;
  /** Ends everything without `done`. */
  clear(): void;
}

interface Sharing {
  readonly clock: Clock;
  /** By how much each further task of its group slows a task: 0.2 makes it take 1.2 times as long. */
  readonly slowBySame: number;
  /** The same for each task of another group. */
  readonly slowByOthers: number;
}

interface Running extends Task {
  progress: number;
  /** Amount a millisecond. */
  rate: number;
  dueMs: number;
}

/** Far below anything that is measured, far above the rounding of times. */
const toleranceMs = 1e-6;

export function createProcessor({ clock, slowBySame, slowByOthers }: Sharing): Processor {
  const tasks = new Set<Running>();
  const groups = new Map<object, number>();
  let grouped = 0;
  let factor = 1;
  let hung = false;
  let settledMs = clock.now();
  let timerMs = Infinity;
  let cancelTimer = (): void => {};

  function settle(): void {
    const now = clock.now();
    for (const task of tasks) task.progress = progressAt(task, now);
    settledMs = now;
  }

  function progressAt(task: Running, now: number): number {
    return Math.min(task.amount, task.progress + task.rate * (now - settledMs));
  }

  function rateOf({ speed, group }: Task): number {
    if (hung) return 0;
    const alone = speed / 1000 / factor;
    if (group === undefined) return alone;
    const same = groups.get(group) ?? 1;
    return alone / (1 + slowBySame * (same - 1) + slowByOthers * (grouped - same));
  }

  function replan(): void {
    let nextMs = Infinity;
    for (const task of tasks) {
      task.rate = rateOf(task);
      task.dueMs = task.rate > 0 ? settledMs + (task.amount - task.progress) / task.rate : Infinity;
      nextMs = Math.min(nextMs, task.dueMs);
    }
    if (nextMs === timerMs) return;
    cancelTimer();
    timerMs = nextMs;
    cancelTimer = nextMs === Infinity ? () => {} : clock.after(nextMs - settledMs, finish);
  }

  function finish(): void {
    timerMs = Infinity;
    settle();
    const due = [...tasks].filter((task) => task.dueMs <= settledMs + toleranceMs);
    // One of them may end another.
    for (const task of due) if (remove(task)) task.done();
    settle();
    replan();
  }

  function count(group: object | undefined, by: 1 | -1): void {
    if (group === undefined) return;
    grouped += by;
    const left = (groups.get(group) ?? 0) + by;
    if (left > 0) groups.set(group, left);
    else groups.delete(group);
  }

  function remove(task: Running): boolean {
    const there = tasks.delete(task);
    if (there) count(task.group, -1);
    return there;
  }

  function change(act: () => void): void {
    settle();
    act();
    replan();
  }

  return {
    start(given) {
      const task: Running = { ...given, progress: 0, rate: 0, dueMs: Infinity };
      change(() => {
        tasks.add(task);
        count(task.group, 1);
      });
      return {
        get progress() {
          return tasks.has(task) ? progressAt(task, clock.now()) : task.progress;
        },
        stop: () => change(() => remove(task)),
      };
    },
    slow: (by) => change(() => (factor = by)),
    hang: (on) => change(() => (hung = on)),
    clear: () =>
      change(() => {
        tasks.clear();
        groups.clear();
        grouped = 0;
      }),
  };
}

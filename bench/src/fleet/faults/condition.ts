import type { Machine, Submission } from '@tutti/simulation';
import type { Clock } from '@tutti/core';

/** Whether anything comes from a node. `silent`: connections to it stand. `down`: nobody listens there. */
export type Reach = 'up' | 'silent' | 'down';

/** How a node is, and what its calls have met: the same for whoever sends them. */
export interface Condition {
  readonly reach: Reach;
  /** Whether its model server turns every call away. */
  readonly isFull: boolean;
  change(to: { readonly reach?: Reach; readonly isFull?: boolean }): void;
  /** Runs `task` after each change. */
  onChange(task: () => void): void;
  /** Whoever sends calls there has found out that it is not up. */
  notice(): void;
  /** When that was, each time. */
  readonly noticedAtMs: readonly number[];
  /** Calls that came to its machine, in order. */
  readonly visits: readonly Visit[];
}

/** One call at a machine. */
export interface Visit {
  readonly startedAtMs: number;
  /** Undefined: it is still there. */
  endedAtMs?: number;
  end?: 'answered' | 'failed' | 'left';
}

/** A node that is well, and its machine as it answers in whatever condition the node comes to be. */
export function conditioned(machine: Machine, clock: Clock): { condition: Condition; machine: Machine } {
  const tasks: (() => void)[] = [];
  const noticedAtMs: number[] = [];
  const visits: Visit[] = [];
  let [reach, isFull]: [Reach, boolean] = ['up', false];

  const visit = (): ((end: NonNullable<Visit['end']>) => void) => {
    const own: Visit = { startedAtMs: clock.now() };
    visits.push(own);
    return (end) => {
      own.endedAtMs ??= clock.now();
      own.end ??= end;
    };
  };

  const submit: Machine['submit'] = (call, listener) => {
    const over = visit();
    if (reach === 'down' || isFull) {
      over('failed');
      listener.failed(isFull ? 'busy' : 'crashed');
      return nothing;
    }
    const submission = machine.submit(call, {
      ...listener,
      ended(result) {
        over('answered');
        listener.ended(result);
      },
      failed(error) {
        over('failed');
        listener.failed(error);
      },
    });
    return {
      outputTokens: submission.outputTokens,
      cancel(zombieForMs) {
        over('left');
        submission.cancel(zombieForMs);
      },
    };
  };

  const condition: Condition = {
    get reach() {
      return reach;
    },
    get isFull() {
      return isFull;
    },
    change(to) {
      ({ reach = reach, isFull = isFull } = to);
      for (const task of tasks) task();
    },
    onChange: (task) => void tasks.push(task),
    notice: () => void noticedAtMs.push(clock.now()),
    noticedAtMs,
    visits,
  };
  // All else is asked of the machine itself, as it is at that time.
  return { condition, machine: Object.create(machine, { submit: { value: submit } }) as Machine };
}

const nothing: Submission = { outputTokens: () => 0, cancel() {} };

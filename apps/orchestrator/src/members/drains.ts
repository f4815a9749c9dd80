import type { Clock } from '@tutti/core';

/** A node that is being drained. */
export interface Drain {
  /** Milliseconds until the calls that are left are ended; undefined: they may take as long as they need. */
  readonly leftMs: number | undefined;
}

/** The nodes that were cordoned in order to be drained. */
export interface Drains {
  /** In place of what was said of that node before. */
  start(name: string, deadlineMs: number | undefined): void;
  stop(name: string): void;
  find(name: string): Drain | undefined;
  close(): void;
}

/** `onDeadline`: the calls that are left on the node must end. */
export function createDrains(clock: Clock, onDeadline: (name: string) => void): Drains {
  const drains = new Map<string, { readonly dueAt: number | undefined; readonly cancel: () => void }>();
  const stop = (name: string): void => {
    drains.get(name)?.cancel();
    drains.delete(name);
  };
  return {
    start(name, deadlineMs) {
      stop(name);
      const isTimed = deadlineMs !== undefined;
      drains.set(name, {
        dueAt: isTimed ? clock.now() + deadlineMs : undefined,
        cancel: isTimed ? clock.after(deadlineMs, () => onDeadline(name)) : () => {},
      });
    },
    stop,
    find(name) {
      const drain = drains.get(name);
      return drain && { leftMs: drain.dueAt === undefined ? undefined : Math.max(0, drain.dueAt - clock.now()) };
    },
    close() {
      for (const name of [...drains.keys()]) stop(name);
    },
  };
}

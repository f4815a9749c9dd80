import type { Clock, Random } from '@tutti/core';

/** One direction of a connection: what is sent arrives later, in order. While it is cut, nothing arrives. */
export interface Wire {
  send(deliver: () => void): void;
  /** What is under way when it is cut waits for the end of that. */
  cut(on: boolean): void;
  /** What is under way is lost. */
  reset(): void;
}

interface Options {
  readonly clock: Clock;
  readonly random: Random;
  /** At least; now and then it takes longer. */
  readonly delayMs: number;
}

export function createWire({ clock, random, delayMs }: Options): Wire {
  let underWay: { readonly dueMs: number; readonly deliver: () => void }[] = [];
  let lastDueMs = 0;
  let isCut = false;
  let stop: (() => void) | undefined;

  const next = (): void => {
    stop?.();
    stop = undefined;
    const first = underWay[0];
    if (!first || isCut) return;
    stop = clock.after(first.dueMs - clock.now(), () => {
      while (!isCut && underWay.length > 0 && underWay[0]!.dueMs <= clock.now()) underWay.shift()!.deliver();
      next();
    });
  };

  return {
    send(deliver) {
      lastDueMs = Math.max(lastDueMs, clock.now() + delayMs * (random() < 0.05 ? 1 + 10 * random() : 1));
      underWay.push({ dueMs: lastDueMs, deliver });
      if (underWay.length === 1) next();
    },
    cut(on) {
      isCut = on;
      next();
    },
    reset() {
      underWay = [];
      next();
    },
  };
}

import type { Clock } from '../ports.ts';

/** Collects words, and passes them on a few times a second. */
export interface Spoken {
  push(text: string): void;
  /** Passes on what is left. */
  flush(): void;
}

/** How far a journal may be behind what a client has seen. */
const intervalMs = 250;

export function createSpoken(clock: Clock, tell: (text: string) => void): Spoken {
  let held = '';
  let stop: (() => void) | undefined;
  const flush = (): void => {
    stop?.();
    stop = undefined;
    if (held === '') return;
    const text = held;
    held = '';
    tell(text);
  };
  return {
    push(text) {
      held += text;
      stop ??= clock.after(intervalMs, flush);
    },
    flush,
  };
}

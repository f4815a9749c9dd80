import type { Clock } from '@tutti/core';

/** How long a node has not been heard of. */
export interface NodeLease {
  heard(): void;
  stop(): void;
}

const suspectAfterMs = 45_000;
const lostAfterMs = 90_000;

export function createNodeLease(clock: Clock, onSuspect: () => void, onLost: () => void): NodeLease {
  let heardAt = 0;
  let isSuspect = false;
  let stop: (() => void) | undefined;

  const look = (): void => {
    stop = undefined;
    const silentMs = clock.now() - heardAt;
    if (silentMs >= lostAfterMs) {
      onLost();
      return;
    }
    if (silentMs >= suspectAfterMs && !isSuspect) {
      isSuspect = true;
      onSuspect();
    }
    // A rest that is smaller than what times can tell apart would never be over.
    stop = clock.after(Math.max(1, (isSuspect ? lostAfterMs : suspectAfterMs) - silentMs), look);
  };

  return {
    heard() {
      heardAt = clock.now();
      if (isSuspect) {
        isSuspect = false;
        stop?.();
        stop = undefined;
      }
      stop ??= clock.after(suspectAfterMs, look);
    },
    stop() {
      stop?.();
      stop = undefined;
    },
  };
}

import { ClusterError, pause, type Clock, type Principal } from '@tutti/core';

/** Refuses the request if there is no place for it; the returned function gives the place back. */
export type Enter = (cancel: (reason: ClusterError) => void, principal: Principal) => () => void;

/** Where requests come in and go out: the way to refuse them, count them and see them off. */
export interface Door {
  /** Lets a request in, or throws; `cancel` ends it from outside. The returned function lets it out. */
  enter(cancel: (reason: ClusterError) => void): () => void;
  readonly stopping: boolean;
  /** Lets nobody in any more; resolves when all are out. Those that are in after `graceMs` are cancelled. */
  close(graceMs: number): Promise<void>;
}

/** A cancelled request has so long to tell its client; one that does not listen is cut off. */
const lastWordsMs = 1_000;

interface Options {
  readonly clock: Clock;
}

export function createDoor({ clock }: Options): Door {
  const inside = new Set<(reason: ClusterError) => void>();
  const empty = new AbortController();
  let stopping = false;

  return {
    enter(cancel) {
      if (stopping) throw shuttingDown();
      inside.add(cancel);
      return () => {
        inside.delete(cancel);
        if (stopping && inside.size === 0) empty.abort();
      };
    },
    get stopping() {
      return stopping;
    },
    async close(graceMs) {
      stopping = true;
      if (inside.size === 0) return;
      await pause(clock, graceMs, empty.signal);
      for (const cancel of inside) cancel(shuttingDown());
      if (inside.size > 0) await pause(clock, lastWordsMs, empty.signal);
    },
  };
}

function shuttingDown(): ClusterError {
  return new ClusterError('draining', 'The server is shutting down; try again in a moment.', { retryAfterMs: 1_000 });
}

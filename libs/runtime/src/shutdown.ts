type Closer = () => Promise<void> | void;

/** How a process ends: what was opened is closed in reverse. */
export interface Shutdown {
  /** Registers what must be closed, right after it was opened. */
  add(name: string, close: Closer): void;
  /** Closes everything, then exits with `code`. Called again, it exits at once. */
  begin(code?: number): void;
  readonly begun: boolean;
}

interface Options {
  /** Called with what failed to close; the rest is closed all the same. */
  readonly onError: (name: string, error: unknown) => void;
  readonly exit?: (code: number) => void;
}

export function createShutdown({ onError, exit = process.exit }: Options): Shutdown {
  const closers: { name: string; close: Closer }[] = [];
  let begun = false;

  const closeAll = async (): Promise<void> => {
    for (const { name, close } of closers.toReversed()) {
      try {
        await close();
      } catch (error) {
        onError(name, error);
      }
    }
  };

  return {
    add(name, close) {
      closers.push({ name, close });
    },
    begin(code = 0) {
      if (begun) {
        exit(130);
        return;
      }
      begun = true;
      void closeAll().then(() => exit(code));
    },
    get begun() {
      return begun;
    },
  };
}

/** One Ctrl-C in a terminal arrives twice, through the process group and through npm: repeats this close count as one. */
const repeatMs = 500;

/**
 * Begins the shutdown at SIGTERM and SIGINT; a second signal ends the process at once. A process that has a parent to
 * talk to leaves Ctrl-C to the parent, and ends when the parent does.
 */
export function shutDownOnSignals(shutdown: Shutdown): void {
  let lastAt = -Infinity;
  const onSignal = (): void => {
    const now = performance.now();
    if (now - lastAt < repeatMs) return;
    lastAt = now;
    shutdown.begin();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', process.send ? () => {} : onSignal);
  process.on('disconnect', onSignal);
}

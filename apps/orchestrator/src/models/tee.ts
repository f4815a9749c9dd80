/** A source for several readers at once, as fast as the slowest of them; one that leaves holds up nobody. */
export function tee<T>(source: AsyncIterable<T>, count: number): AsyncIterable<T>[] {
  const readers = Array.from({ length: count }, () => createReader<T>());
  const pump = async (): Promise<void> => {
    for await (const piece of source) {
      const offers = readers.filter(({ left }) => !left).map((reader) => reader.offer(piece));
      if (offers.length === 0) return;
      await Promise.all(offers);
    }
  };
  const ended = pump();
  ended.then(
    () => readers.forEach((reader) => reader.end()),
    (error: unknown) => readers.forEach((reader) => reader.end(error)),
  );
  return readers.map(({ pieces }) => pieces());
}

function createReader<T>() {
  let waiting: { readonly piece: T; readonly taken: () => void } | undefined;
  let end: { readonly error?: unknown } | undefined;
  let wake = (): void => {};
  let left = false;
  return {
    get left() {
      return left;
    },
    /** Resolves when the reader wants the next one. */
    offer: (piece: T) =>
      new Promise<void>((taken) => {
        if (left) return taken();
        waiting = { piece, taken };
        wake();
      }),
    end(...error: [] | [unknown]) {
      end = error.length === 0 ? {} : { error: error[0] };
      wake();
    },
    async *pieces(): AsyncGenerator<T, void, undefined> {
      try {
        for (;;) {
          if (waiting) {
            const { piece, taken } = waiting;
            yield piece;
            waiting = undefined;
            taken();
          } else if (end) {
            if ('error' in end) throw end.error;
            return;
          } else {
            await new Promise<void>((resolve) => (wake = resolve));
          }
        }
      } finally {
        left = true;
        waiting?.taken();
      }
    },
  };
}

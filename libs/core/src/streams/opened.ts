import { over, streamOf, type Stream } from './stream.ts';

/**
 * A stream that begins with what a generator yields and goes on with what it returns, if it does: between the reader and
 * the rest stands nothing that would cost each item something.
 */
export function opened<T>(opening: AsyncGenerator<T, AsyncIterable<T> | undefined>): Stream<T> {
  let rest: Stream<T> | undefined;
  let reading: Promise<unknown> | undefined;

  const read = async (): Promise<IteratorResult<T, undefined>> => {
    const next = await opening.next();
    if (!next.done) return next;
    if (!next.value) return over;
    rest = streamOf(next.value);
    return rest.next();
  };

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    ready: () => rest?.ready?.(),
    next() {
      if (rest) return rest.next();
      const next = read();
      reading = next;
      return next;
    },
    async return() {
      // As a generator does, it first ends what it is at: the rest may be on its way.
      if (!rest) await reading?.catch(() => {});
      if (rest) await rest.return?.();
      else await opening.return(undefined);
      return over;
    },
  };
}

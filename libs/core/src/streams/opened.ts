import { over, streamOf, type Stream } from './stream.ts';

/**
 * A stream that begins with what a generator yields and goes on with what it returns, if it does: between the reader and
 * the rest stands nothing that would cost each item something.
 */
export function opened<T>(begin: AsyncGenerator<T, AsyncIterable<T> | undefined>): Stream<T> {
  /** Let go of once it has ended: what it holds would stay as long as the rest takes. */
  let opening: typeof begin | undefined = begin;
  let reading: Promise<unknown> | undefined;
  let rest: Stream<T> | undefined;

  const read = async (): Promise<IteratorResult<T, undefined>> => {
    const next = await opening?.next();
    if (next && !next.done) return next;
    opening = undefined;
    reading = undefined;
    if (!next?.value) return over;
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
      else await opening?.return(undefined);
      return over;
    },
  };
}

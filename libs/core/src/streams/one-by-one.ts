import { over, streamOf, type Stream } from './stream.ts';

/**
 * The items of batches as one stream. A batch is looked through as far as it is read, so one that breaks in the middle
 * first gives what it has.
 */
export function oneByOne<T>(batches: AsyncIterable<Iterable<T>>): Stream<T> {
  const source = streamOf(batches);
  let batch: Iterator<T> = [][Symbol.iterator]();
  let failure: { readonly thrown: unknown } | undefined;

  const ready = (): IteratorYieldResult<T> | undefined => {
    if (failure) return undefined;
    try {
      const next = batch.next();
      return next.done ? undefined : next;
    } catch (thrown) {
      failure = { thrown };
      return undefined;
    }
  };

  const close = async (): Promise<IteratorResult<T, undefined>> => {
    batch = [][Symbol.iterator]();
    await source.return?.();
    return over;
  };

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    ready,
    async next() {
      for (;;) {
        const next = ready();
        if (next) return next;
        if (failure) {
          const { thrown } = failure;
          failure = undefined;
          await close();
          throw thrown;
        }
        const more = await source.next();
        if (more.done) return over;
        batch = more.value[Symbol.iterator]();
      }
    },
    return: close,
  };
}

/** Items on their way to one reader, who reads them one after another. */
export interface Stream<T> extends AsyncIterableIterator<T, undefined> {
  /** The next one, if it has come already: what came together need not be waited for piece by piece. */
  ready?(): IteratorYieldResult<T> | undefined;
  return?(): Promise<IteratorResult<T, undefined>>;
}

/** Begins to read. Whoever does not read to the end calls `return`. */
export function streamOf<T>(items: AsyncIterable<T>): Stream<T> {
  return items[Symbol.asyncIterator]() as Stream<T>;
}

/** What a stream answers once it is over. */
export const over: IteratorReturnResult<undefined> = { done: true, value: undefined };

import { ClusterError, type Clock, type Store } from '@tutti/core';

/** How the store does. */
export interface StoreHealth {
  readonly kind: Store['kind'];
  readonly status: 'ok' | 'unavailable';
  /** Log lines that wait to be written. */
  readonly bufferedLines: number;
  /** Log lines that were lost. */
  readonly droppedLines: number;
  /** What is wrong; "": nothing. */
  readonly error: string;
}

interface Options {
  readonly store: Pick<Store, 'kind' | 'ping'>;
  /** Of the log's lines on their way to the store. */
  readonly lines: () => { readonly buffered: number; readonly dropped: number };
  readonly clock: Clock;
  /** Between two questions to the store. */
  readonly intervalMs?: number;
}

/** Asks the store again and again whether it is there; nobody who reads the answer waits for it. */
export function watchStore({ store, lines, clock, intervalMs = 10_000 }: Options) {
  let error = '';
  let closed = false;
  let stop = (): void => {};
  const ask = async (): Promise<void> => {
    error = await store.ping().then(
      () => '',
      (thrown: unknown) => ClusterError.from(thrown).message,
    );
    if (!closed) stop = clock.after(intervalMs, () => void ask());
  };
  void ask();
  return {
    read: (): StoreHealth => {
      const { buffered, dropped } = lines();
      const status = error === '' ? 'ok' : 'unavailable';
      return { kind: store.kind, status, bufferedLines: buffered, droppedLines: dropped, error };
    },
    close(): void {
      closed = true;
      stop();
    },
  };
}

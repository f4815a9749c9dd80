import type { Store } from '@tutti/core';
import { beforeEach, onTestFinished } from 'vitest';

/** What a contract is tried on. */
export interface Subject<S extends Pick<Store, 'close'>> {
  /** Why nothing can be tested. */
  readonly skipped?: string | undefined;
  /** An empty place, and a way to open it any number of times. */
  place(): Promise<{ open(): Promise<S>; remove(): Promise<void> }>;
}

interface FreshPlace<S> {
  open(): Promise<S>;
  /** Calls that two processes make at once, in turn. */
  atOnce<T>(count: number, call: (store: S, index: number) => Promise<T>): Promise<T[]>;
}

/** An empty place for each test, which is removed at its end with all that was opened. */
export function freshPlace<S extends Pick<Store, 'close'>>({ place }: Subject<S>): FreshPlace<S> {
  let openPlace: () => Promise<S>;
  let both: Promise<readonly [S, S]> | undefined;

  beforeEach(async () => {
    const { open, remove } = await place();
    onTestFinished(remove);
    openPlace = open;
    both = undefined;
  });

  const open = async (): Promise<S> => {
    const opened = await openPlace();
    onTestFinished(() => opened.close());
    return opened;
  };

  return {
    open,
    async atOnce(count, call) {
      both ??= Promise.all([open(), open()]);
      const [one, other] = await both;
      return Promise.all(Array.from({ length: count }, (_, index) => call(index % 2 ? other : one, index)));
    },
  };
}

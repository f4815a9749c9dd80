/** Items that come from several places, for one reader. */
export interface Inbox<T> {
  post(item: T): void;
  /** The next item; resolves when there is one. Only one may be asked for at a time. */
  take(): Promise<T>;
}

export function createInbox<T>(): Inbox<T> {
  const items: T[] = [];
  let give: ((item: T) => void) | undefined;
  return {
    post(item) {
      if (give) give(item);
      else items.push(item);
      give = undefined;
    },
    take: () => (items.length > 0 ? Promise.resolve(items.shift()!) : new Promise<T>((resolve) => (give = resolve))),
  };
}

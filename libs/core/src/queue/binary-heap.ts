/** Holds things in such an order that the first is at hand. */
export interface Heap<T> {
  readonly first: T | undefined;
  add(item: T): void;
  removeFirst(): void;
  /** The first has changed and may belong further back. */
  moveFirst(): void;
}

/** `goesFirst`: whether `a` comes before `b`. */
export function createHeap<T>(goesFirst: (a: T, b: T) => boolean): Heap<T> {
  const items: T[] = [];

  const swap = (i: number, j: number): void => {
    const item = items[i]!;
    items[i] = items[j]!;
    items[j] = item;
  };

  const rise = (index: number): void => {
    const parent = (index - 1) >> 1;
    if (index === 0 || !goesFirst(items[index]!, items[parent]!)) return;
    swap(index, parent);
    rise(parent);
  };

  const sink = (index: number): void => {
    const [left, right] = [2 * index + 1, 2 * index + 2];
    let best = index;
    if (left < items.length && goesFirst(items[left]!, items[best]!)) best = left;
    if (right < items.length && goesFirst(items[right]!, items[best]!)) best = right;
    if (best === index) return;
    swap(index, best);
    sink(best);
  };

  return {
    get first() {
      return items[0];
    },
    add(item) {
      items.push(item);
      rise(items.length - 1);
    },
    removeFirst() {
      const last = items.pop();
      if (last === undefined || items.length === 0) return;
      items[0] = last;
      sink(0);
    },
    moveFirst() {
      sink(0);
    },
  };
}

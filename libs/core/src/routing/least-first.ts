/** The items of least cost that came, the least first; of equals, the one that came first. */
export interface LeastFirst<T> {
  readonly items: readonly T[];
  /** What costs so much or more is none of them; Infinity while there is room. */
  readonly limit: number;
  add(item: T, cost: number): void;
}

/** Keeps so many items, and none that costs so much more than the first. */
export function createLeastFirst<T>(most: number, margin = Number.POSITIVE_INFINITY): LeastFirst<T> {
  const items: T[] = [];
  const costs: number[] = [];

  let limit = Number.POSITIVE_INFINITY;

  return {
    items,
    get limit() {
      return limit;
    },
    add(item, cost) {
      if (!(cost < limit)) return;
      let place = Math.min(items.length, most - 1);
      for (; place > 0 && costs[place - 1]! > cost; place -= 1) {
        items[place] = items[place - 1]!;
        costs[place] = costs[place - 1]!;
      }
      items[place] = item;
      costs[place] = cost;
      while (costs[costs.length - 1]! - costs[0]! >= margin) {
        items.pop();
        costs.pop();
      }
      limit = Math.min(costs[0]! + margin, costs[most - 1] ?? Number.POSITIVE_INFINITY);
    },
  };
}

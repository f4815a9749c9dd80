/** The items of least cost that came, the least first; of equals, the one that came first. */
export interface LeastFirst<T> {
  readonly items: readonly T[];
  /** What costs so much or more is none of them; Infinity while there is room. */
  readonly limit: number;
  add(item: T, cost: number): void;
}

/** Keeps so many items. */
export function createLeastFirst<T>(most: number): LeastFirst<T> {
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
      let place = items.length;
      while (place > 0 && costs[place - 1]! > cost) place -= 1;
      items.splice(place, 0, item);
      costs.splice(place, 0, cost);
      if (items.length > most) {
        items.pop();
        costs.pop();
      }
      if (items.length === most) limit = costs[most - 1]!;
    },
  };
}

/** The rest of a longer word does not count: comparing takes the product of both lengths. */
const longest = 64;

/** The name that `word` most likely stands for: the one with the fewest slips of the finger; undefined if none is near. */
export function nearestName(word: string, names: Iterable<string>, mostSlips = 3): string | undefined {
  const given = word.slice(0, longest).toLowerCase();
  const limit = Math.min(mostSlips, Math.ceil(given.length / 3));
  const [best] = [...names]
    .map((name) => ({ name, slips: editDistance(given, name.slice(0, longest).toLowerCase()) }))
    .filter(({ slips }) => slips <= limit)
    .toSorted((a, b) => a.slips - b.slips);
  return best?.name;
}

/** Letters to insert, drop, replace, or swap with the next one to get from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1, swapped ? beforeLast[j - 2]! + 1 : Infinity);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}

/** No name of ours is longer; the rest of a longer word does not count. */
const longest = 64;

/** The known name that `word` most likely stands for; undefined: none is near. */
export function nearest(word: string, known: readonly string[], limit = Math.min(3, Math.ceil(word.length / 3))) {
  const [best] = known
    .map((name) => ({ name, distance: editDistance(word.toLowerCase().slice(0, longest), name.toLowerCase()) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((a, b) => a.distance - b.distance);
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

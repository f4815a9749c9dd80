/** The name that `text` most likely stands for: the one with the fewest letters to change; undefined if none is near. */
export function nearestName(text: string, names: Iterable<string>): string | undefined {
  const given = text.slice(0, longest).toLowerCase();
  let nearest: string | undefined;
  let fewest = Math.ceil(given.length / 2);
  for (const name of names) {
    const changes = distance(given, name.toLowerCase());
    if (changes >= fewest) continue;
    nearest = name;
    fewest = changes;
  }
  return nearest;
}

/** Longer names are no slips of the finger, and comparing takes the product of both lengths. */
const longest = 64;

/** Levenshtein's: letters to insert, drop or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

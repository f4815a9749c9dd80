/**
 * JSON as it is written down, which is more than values: a key may come twice, and a number may be one that no program
 * can hold. `text` is JSON of any kind, or none at all.
 */
export type Tree = { readonly members: [key: string, value: Tree][] } | { readonly items: Tree[] } | Text;

interface Text {
  readonly text: string;
}

/** A place in a tree where a value stands. */
export interface Place {
  readonly value: Tree;
  replace(value: Tree): void;
  remove(): void;
  /** Puts another value beside it: under the same key, or as the next element. */
  repeat(value: Tree): void;
}

export function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { items: value.map(treeOf) };
  if (typeof value !== 'object' || value === null) return { text: JSON.stringify(value) };
  return { members: Object.entries(value).map(([key, inner]) => [key, treeOf(inner)]) };
}

export function textOf(tree: Tree): string {
  if ('text' in tree) return tree.text;
  if ('items' in tree) return `[${tree.items.map(textOf).join(',')}]`;
  return `{${tree.members.map(([key, value]) => `${JSON.stringify(key)}:${textOf(value)}`).join(',')}}`;
}

/** All places in a tree, its objects' and lists' own places included; the tree itself stands in none. */
export function placesIn(tree: Tree): Place[] {
  if ('text' in tree) return [];
  return 'items' in tree ? elementPlaces(tree.items) : memberPlaces(tree.members);
}

function elementPlaces(items: Tree[]): Place[] {
  return items.flatMap((value, index) => [
    {
      value,
      replace: (other: Tree) => void (items[index] = other),
      remove: () => void items.splice(index, 1),
      repeat: (other: Tree) => void items.splice(index + 1, 0, other),
    },
    ...placesIn(value),
  ]);
}

function memberPlaces(members: [string, Tree][]): Place[] {
  return members.flatMap(([key, value], index) => [
    {
      value,
      replace: (other: Tree) => void (members[index] = [key, other]),
      remove: () => void members.splice(index, 1),
      repeat: (other: Tree) => void members.splice(index + 1, 0, [key, other]),
    },
    ...placesIn(value),
  ]);
}

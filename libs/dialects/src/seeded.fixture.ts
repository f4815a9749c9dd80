/** Chance for property tests: the same seed gives the same values. */
export interface Seeded {
  /** A number in [0, 1). */
  readonly random: () => number;
  /** An integer from 0, less than `limit`. */
  readonly below: (limit: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
  /** Up to `most` of what `make` makes. */
  readonly some: <T>(most: number, make: () => T) => T[];
  /** A short text with all that is awkward in JSON. */
  readonly text: () => string;
  /** Space between JSON's tokens, mostly none. */
  readonly space: () => string;
  /** JSON text of at most `depth` levels, with space, escapes and numbers as people and programs write them. */
  readonly json: (depth: number) => string;
}

const characters = [
  'a',
  'é',
  '"',
  '\\',
  '/',
  '\n',
  '\t',
  '\0',
  '\u2028',
  '😀',
  '\ud800',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ' ',
];
const scalars = ['null', 'true', 'false', '0', '-0', '1.0', '1E5', '-12.50e-3', '9'.repeat(60), '""', '"\\u0041\\/"'];
const spaces = ['', '', '', ' ', '\n', '\t', '\r\n  '];
const keys = ['a', '10', '2', '__proto__', 'constructor', '', 'toString'];

export function seeded(seed: number): Seeded {
  let state = seed;
  // mulberry32
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  const text = (): string => some(8, () => pick(characters)).join('');
  const space = (): string => pick(spaces);
  const spaced = (inner: string): string => space() + inner + space();
  const key = (): string => JSON.stringify(random() < 0.5 ? pick(keys) : text());

  function json(depth: number): string {
    const shape = depth === 0 ? 'scalar' : pick(['scalar', 'string', 'array', 'object']);
    if (shape === 'string') return JSON.stringify(text());
    if (shape === 'array') return `[${some(4, () => spaced(json(depth - 1))).join(',') || space()}]`;
    if (shape === 'object')
      return `{${some(4, () => `${spaced(key())}:${spaced(json(depth - 1))}`).join(',') || space()}}`;
    return pick(scalars);
  }
  return { random, below, pick, some, text, space, json };
}

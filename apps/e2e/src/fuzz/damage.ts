import fc from 'fast-check';
import { hostileValue, strangeKey } from './hostile.ts';
import { placesIn, textOf, type Tree } from './json-tree.ts';

/** Something done to a request's body; `at` counts its places. */
export interface Damage {
  readonly kind: (typeof kinds)[number];
  readonly at: number;
  readonly value: Tree;
  readonly key: string;
}

const kinds = ['replace', 'replace', 'replace', 'remove', 'repeat', 'twice', 'add', 'wrap', 'null'] as const;

export const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom(...kinds),
  at: fc.nat({ max: 200 }),
  value: hostileValue,
  key: strangeKey,
});

/** The tree's text with all the damage done, one after the other. The tree is changed. */
export function damaged(tree: Tree, all: readonly Damage[]): string {
  for (const one of all) apply(tree, one);
  return textOf(tree);
}

function apply(tree: Tree, { kind, at, value, key }: Damage): void {
  if (kind === 'add') {
    add(tree, at, key, value);
    return;
  }
  const places = placesIn(tree);
  const place = places[at % Math.max(1, places.length)];
  if (!place) return;
  if (kind === 'remove') place.remove();
  else if (kind === 'repeat') place.repeat(value);
  else if (kind === 'twice') place.repeat(place.value);
  else if (kind === 'wrap') place.replace({ items: [place.value] });
  else place.replace(kind === 'null' ? { text: 'null' } : value);
}

function add(tree: Tree, at: number, key: string, value: Tree): void {
  const holders = [tree, ...placesIn(tree).map((place) => place.value)].filter((one) => 'members' in one);
  holders[at % Math.max(1, holders.length)]?.members.push([key, value]);
}

/** What may happen to a body's bytes on their way, mostly nothing. */
export const damagedBytes = (text: fc.Arbitrary<string>): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      text,
      fc.oneof({ weight: 12, arbitrary: fc.constant(keep) }, { weight: 1, arbitrary: fc.constantFrom(...tricks) }),
      fc.nat({ max: 5_000 }),
    )
    .map(([body, trick, at]) => trick(Buffer.from(body), at));

type Trick = (body: Buffer, at: number) => Buffer;

const keep: Trick = (body) => body;
const insert =
  (...bytes: number[]): Trick =>
  (body, at) => {
    const place = at % (body.length + 1);
    return Buffer.concat([body.subarray(0, place), Buffer.from(bytes), body.subarray(place)]);
  };

const tricks: readonly Trick[] = [
  (body, at) => body.subarray(0, at % (body.length + 1)),
  insert(0xff),
  insert(0xc3),
  insert(0xed, 0xa0, 0x80),
  insert(0xf5, 0x80, 0x80, 0x80),
  insert(0),
  insert(0x0a),
  (body) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]),
  (body) => Buffer.from(body.toString('utf8'), 'utf16le'),
  (body) => Buffer.concat([body, body]),
  (body) => Buffer.concat([body, Buffer.from(' trailing')]),
  (body) => Buffer.concat([Buffer.alloc(70_000, ' '), body]),
  () => Buffer.alloc(0),
];

import { expect, it } from 'vitest';
import { keepMarks, sharedPrefixes } from './shared-prefix.ts';

const hashes = new Map<string, number>();

function hashOf(text: string): number {
  const hash = hashes.get(text) ?? hashes.size;
  hashes.set(text, hash);
  return hash;
}

/** Marks of a prompt made of parts: each part goes on from those before it. */
function prompt(...parts: readonly (readonly [text: string, tokens: number])[]) {
  let text = '';
  let tokens = 0;
  return parts.map(([part, count]) => {
    text += part;
    tokens += count;
    return { hash: hashOf(text), tokens };
  });
}

const system = ['system', 50] as const;

it('a conversation goes on where it began, others begin anew', () => {
  const first = prompt(system, ['one', 100]);
  const second = prompt(system, ['one', 100], ['two', 100]);
  const third = prompt(system, ['one', 100], ['two', 100], ['three', 100]);
  const alone = prompt(['alone', 80]);
  const marks = [first, alone, second, third].map(keepMarks);
  expect(sharedPrefixes(marks)).toEqual([
    { prefix: 0, tokens: 150 },
    { prefix: 1, tokens: 0 },
    { prefix: 0, tokens: 250 },
    { prefix: 0, tokens: 250 },
  ]);
});

it('conversations with one system prompt share that only', () => {
  const marks = [
    prompt(system, ['a', 200]),
    prompt(system, ['b', 200]),
    prompt(system, ['b', 200], ['c', 100]),
    prompt(system, ['x', 30]),
  ].map(keepMarks);
  const [a, b, c, x] = sharedPrefixes(marks);
  expect([a, x]).toEqual([
    { prefix: 0, tokens: 50 },
    { prefix: 0, tokens: 50 },
  ]);
  expect(b!.prefix).not.toBe(0);
  expect([b, c]).toEqual([
    { prefix: b!.prefix, tokens: 250 },
    { prefix: b!.prefix, tokens: 250 },
  ]);
});

it('of a long conversation the beginning and the end are kept', () => {
  const marks = Array.from({ length: 100 }, (_, i) => ({ hash: i, tokens: i * 10 }));
  const kept = keepMarks(marks);
  expect(kept).toHaveLength(32);
  expect(kept.filter((_, i) => i % 2 === 0)).toEqual([0, 1, 2, 3, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
});

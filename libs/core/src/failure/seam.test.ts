import { seededRandom } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createSeam } from './seam.ts';

const before = 'The quick brown fox jumps over the lazy dog.';

function joined(said: string, pieces: readonly string[]): string {
  const seam = createSeam(said);
  return said + pieces.map((piece) => seam.push(piece)).join('') + seam.flush();
}

it('passes on what is new', () => {
  expect(joined(before, [' And', ' then?'])).toBe(`${before} And then?`);
  expect(joined('', ['a', 'b'])).toBe('ab');
});

it('drops the end said again, however it is cut', () => {
  expect(joined(before, [' over', ' the lazy', ' dog. A', 'nd'])).toBe(`${before} And`);
  expect(joined(before, [' over the lazy dog.'])).toBe(before);
});

it('drops the whole said again', () => {
  expect(joined(before, [`${before} And`])).toBe(`${before} And`);
  expect(joined('Hello', ['Hel', 'lo', ' world'])).toBe('Hello world');
});

it('keeps a few letters that come twice by chance', () => {
  expect(joined('She said ha', ['ha', 'ha'])).toBe('She said hahaha');
  expect(joined('1', ['1'])).toBe('11');
});

it('keeps words that have been said before, but not at the end', () => {
  expect(joined(`${before} Again:`, [' The quick', ' brown', ' fox', ' jumps'])).toBe(
    `${before} Again: The quick brown fox jumps`,
  );
});

it.each([1, 2, 3])('gives the same whole for every way of cutting it, seed %i', (seed) => {
  const random = seededRandom(seed);
  const text = Array.from({ length: 400 }, () => Math.floor(random() * 36).toString(36)).join('');
  for (let round = 0; round < 200; round++) {
    const broken = 20 + Math.floor(random() * 300);
    const again = random() < 0.5 ? 0 : 16 + Math.floor(random() * (broken - 16));
    const pieces: string[] = [];
    for (let at = broken - again; at < text.length; at += pieces.at(-1)!.length) {
      pieces.push(text.slice(at, at + 1 + Math.floor(random() * 30)));
    }
    expect(joined(text.slice(0, broken), pieces), `round ${round}`).toBe(text);
  }
});

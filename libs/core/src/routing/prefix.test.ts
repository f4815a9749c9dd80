import { describe, expect, it } from 'vitest';
import { createPrefix, sharedTokens } from './prefix.ts';

/** The marks of a prompt of these parts, at half a token a character. */
function marksOf(...parts: readonly string[]) {
  const prefix = createPrefix(0.5);
  for (const part of parts) {
    prefix.add(part);
    prefix.endPart();
  }
  return prefix.marks;
}

const text = (length: number, seed = 0): string =>
  Array.from({ length }, (_, at) => String.fromCharCode(97 + ((at * 7 + seed) % 26))).join('');

const pixels = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

describe('marks', () => {
  it('stand at the end of each part, and after each 1,024 characters', () => {
    expect(marksOf('abc', 'd').map(({ tokens }) => tokens)).toEqual([2, 2]);
    expect(marksOf(text(1_023)).map(({ tokens }) => tokens)).toEqual([512]);
    expect(marksOf(text(1_024)).map(({ tokens }) => tokens)).toEqual([512]);
    expect(marksOf(text(2_500), 'end').map(({ tokens }) => tokens)).toEqual([512, 1_024, 1_250, 1_252]);
  });

  it('are not made for nothing', () => {
    expect(marksOf('', '')).toEqual([]);
    expect(marksOf('abc', '')).toHaveLength(1);
  });

  it('are the same for the same text, however it came, and others for other text', () => {
    const prefix = createPrefix(0.5);
    for (const piece of ['ab', '', 'c']) prefix.add(piece);
    prefix.endPart();
    expect(prefix.marks).toEqual(marksOf('abc'));
    expect(prefix.characters).toBe(3);
    for (const other of ['abd', 'xbc', 'acb', 'abcd'])
      expect(marksOf(other)[0]!.hash).not.toBe(marksOf('abc')[0]!.hash);
  });

  it('are not made without end: 512, and the characters of the rest are counted', () => {
    const prefix = createPrefix(0.5);
    for (let part = 0; part < 600; part += 1) {
      prefix.add('abc');
      prefix.endPart();
    }
    expect(prefix.marks).toHaveLength(512);
    expect(prefix.characters).toBe(1_800);
  });

  it('of pictures tell them from others by their size and a look at some of their bytes', () => {
    const hashOf = (data: Uint8Array) => {
      const prefix = createPrefix(0.5);
      prefix.addMedia(data, 256);
      prefix.endPart();
      return prefix.marks[0]!.hash;
    };
    expect(hashOf(pixels(6_400, 1))).toBe(hashOf(pixels(6_400, 1)));
    expect(hashOf(pixels(6_400, 1))).not.toBe(hashOf(pixels(6_400, 2)));
    expect(hashOf(pixels(6_400, 0))).not.toBe(hashOf(pixels(6_401, 0)));
    expect(hashOf(pixels(3, 1))).not.toBe(hashOf(pixels(3, 2)));
    const last = pixels(6_400, 1).with(6_300, 9);
    expect(hashOf(Uint8Array.from(last))).not.toBe(hashOf(pixels(6_400, 1)));
    const first = pixels(6_400, 1).with(0, 9);
    expect(hashOf(Uint8Array.from(first))).not.toBe(hashOf(pixels(6_400, 1)));
  });

  it('count the tokens of pictures, and none of their characters', () => {
    const prefix = createPrefix(0.5);
    prefix.add('abcd');
    prefix.addMedia(pixels(100, 1), 256);
    prefix.addMedia(pixels(100, 1), 256);
    prefix.endPart();
    expect(prefix).toMatchObject({ characters: 4, marks: [{ tokens: 2 + 512 }] });
    const short = createPrefix(0.5);
    short.add('a');
    short.addMedia(pixels(100, 1), 256);
    short.endPart();
    expect(short.marks).toMatchObject([{ tokens: 1 + 256 }]);
  });
});

describe('shared tokens', () => {
  const parts = Array.from({ length: 9 }, (_, index) => text(20, index));

  it('are those of the parts that both begin with', () => {
    const whole = marksOf(...parts);
    for (let equal = 0; equal <= 9; equal += 1) {
      const other = marksOf(...parts.slice(0, equal), ...parts.slice(equal).map(() => 'something else'));
      expect(sharedTokens(whole, other)).toBe(10 * equal);
      expect(sharedTokens(other, whole)).toBe(10 * equal);
      expect(sharedTokens(whole, marksOf(...parts.slice(0, equal)))).toBe(10 * equal);
    }
  });

  it('are none where there is no prompt', () => {
    expect(sharedTokens([], marksOf('abc'))).toBe(0);
    expect(sharedTokens(marksOf('abc'), [])).toBe(0);
  });
});

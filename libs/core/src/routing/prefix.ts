import type { PrefixMark } from './demand.ts';

/** A prompt as it grows, marked at the end of each part and within long ones. */
export interface Prefix {
  readonly marks: readonly PrefixMark[];
  readonly characters: number;
  add(text: string): void;
  addMedia(data: Uint8Array, tokens: number): void;
  endPart(): void;
}

/** Characters of a long text after which a mark stands. */
const stride = 1_024;

/** Longer prompts are marked so far only: some hundred thousand tokens. */
const mostMarks = 512;

/** Bytes of a picture that tell it from others. */
const sampledBytes = 64;

export function createPrefix(tokensPerCharacter: number): Prefix {
  const marks: PrefixMark[] = [];
  let hash = 0x811c9dc5;
  let characters = 0;
  let otherTokens = 0;
  let sinceMark = 0;

  const mark = (): void => {
    if (sinceMark === 0 || marks.length >= mostMarks) return;
    marks.push({ hash, tokens: Math.ceil(characters * tokensPerCharacter) + otherTokens });
    sinceMark = 0;
  };

  return {
    marks,
    get characters() {
      return characters;
    },
    add(text) {
      for (let from = 0; from < text.length; from += stride) {
        const to = Math.min(text.length, from + stride);
        characters += to - from;
        if (marks.length >= mostMarks) continue;
        hash = hashed(hash, text, from, to);
        sinceMark += to - from;
        if (to - from === stride) mark();
      }
    },
    addMedia(data, tokens) {
      hash = Math.imul(hash ^ data.length, 0x01000193);
      const step = Math.max(1, Math.floor(data.length / sampledBytes));
      for (let at = 0; at < data.length; at += step) hash = Math.imul(hash ^ data[at]!, 0x01000193);
      otherTokens += tokens;
      sinceMark += 1;
    },
    endPart: mark,
  };
}

/** FNV-1a over UTF-16 units: quick, and a collision only misjudges a cache. */
function hashed(start: number, text: string, from: number, to: number): number {
  let hash = start;
  for (let at = from; at < to; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** Tokens that both prompts begin with. Equal marks mean that all marks before them are equal. */
export function sharedTokens(one: readonly PrefixMark[], other: readonly PrefixMark[]): number {
  let equal = 0;
  let unequal = Math.min(one.length, other.length) + 1;
  // Most prompts share nothing: that is known at the first mark.
  if (unequal === 1 || one[0]!.hash !== other[0]!.hash) return 0;
  while (unequal - equal > 1) {
    const middle = (equal + unequal) >> 1;
    if (one[middle - 1]!.hash === other[middle - 1]!.hash) equal = middle;
    else unequal = middle;
  }
  return equal === 0 ? 0 : one[equal - 1]!.tokens;
}

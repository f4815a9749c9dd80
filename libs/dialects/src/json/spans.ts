import { ClusterError } from '@tutti/core';
import { parseJson } from './parse.ts';
import { stringEnd } from './string-end.ts';

/** A member of a JSON object: its decoded key, and its value as the exact text it was written in. */
export type Member = readonly [key: string, raw: string];

const afterScalar = /[\s,\]}]/g;
const notSpace = /[^\s]/g;

/**
 * The members of an object, in order, duplicates included. The text must have passed JSON.parse: other text gives
 * nonsense or a malformed_json error, but always an end.
 */
export function members(text: string): Member[] {
  const found: Member[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text[at] !== '}') {
    const keyEnd = stringEnd(text, at);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = valueEnd(text, start);
    found.push([decodeKey(text.slice(at, keyEnd)), text.slice(start, end)]);
    at = nextItem(text, end, '}');
  }
  return found;
}

/** The elements of an array, each as the exact text it was written in. The same condition holds as for `members`. */
export function elements(text: string): string[] {
  const found: string[] = [];
  let at = skipSpace(text, skipSpace(text, 0) + 1);
  while (text[at] !== ']') {
    const end = valueEnd(text, at);
    found.push(text.slice(at, end));
    at = nextItem(text, end, ']');
  }
  return found;
}

function valueEnd(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return stringEnd(text, start);
  if (first !== '{' && first !== '[') return indexOf(afterScalar, text, start);
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1;
  }
  return text.length;
}

function nextItem(text: string, end: number, close: string): number {
  const at = skipSpace(text, end);
  if (text[at] === ',') return skipSpace(text, at + 1);
  if (text[at] === close) return at;
  throw new ClusterError('malformed_json', `invalid JSON: expected "," or "${close}" at position ${at}`);
}

function skipSpace(text: string, start: number): number {
  return indexOf(notSpace, text, start);
}

function indexOf(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.exec(text)?.index ?? text.length;
}

function decodeKey(quoted: string): string {
  return quoted.includes('\\') ? (parseJson(quoted) as string) : quoted.slice(1, -1);
}

import { stripVTControlCharacters } from 'node:util';

/** The beginning of a text on one line, at most so many characters; nothing in it moves the cursor. */
export function oneLine(text: string, most: number): string {
  const line = stripVTControlCharacters(text)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

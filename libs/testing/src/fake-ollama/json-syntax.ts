/**
 * Cuts the first JSON value out of a text that `JSON.parse` refuses, or says what is wrong with it in Go's words.
 * Go reads one value and leaves the rest unread, so trailing garbage is no error.
 */
export function firstJsonValue(text: string): { value: string } | { error: string } {
  try {
    const start = skipSpace(text, 0);
    return { value: text.slice(start, valueEnd(text, start)) };
  } catch (thrown) {
    if (thrown instanceof BadJson) return { error: thrown.message };
    throw thrown;
  }
}

class BadJson extends Error {}

/** Walks with a stack of its own: nesting has no bound here. Returns the position after the value. */
function valueEnd(text: string, start: number): number {
  const open: ('{' | '[')[] = [];
  let at = start;
  for (;;) {
    at = skipSpace(text, at);
    const first = text[at];
    if (first === '{' || first === '[') {
      open.push(first);
      at = skipSpace(text, at + 1);
      if (text[at] !== closing(first)) {
        if (first === '{') at = keyEnd(text, at);
        continue;
      }
    } else {
      at = scalarEnd(text, at);
    }
    at = afterValue(text, at, open);
    if (open.length === 0) return at;
  }
}

/** Closes what ends here and goes on to the next element's value. */
function afterValue(text: string, from: number, open: ('{' | '[')[]): number {
  let at = from;
  for (let inside = open.at(-1); inside !== undefined; inside = open.at(-1)) {
    at = skipSpace(text, at);
    if (text[at] === ',') {
      at = skipSpace(text, at + 1);
      return inside === '{' ? keyEnd(text, at) : at;
    }
    if (text[at] !== closing(inside))
      fail(text, at, inside === '{' ? 'after object key:value pair' : 'after array element');
    open.pop();
    at += 1;
  }
  return at;
}

function closing(opening: '{' | '['): string {
  return opening === '{' ? '}' : ']';
}

function keyEnd(text: string, at: number): number {
  if (text[at] !== '"') fail(text, at, 'looking for beginning of object key string');
  const colon = skipSpace(text, stringEnd(text, at));
  if (text[colon] !== ':') fail(text, colon, 'after object key');
  return colon + 1;
}

function scalarEnd(text: string, at: number): number {
  const first = text[at] ?? '';
  if (first === '"') return stringEnd(text, at);
  if (first === '-' || isDigit(first)) return numberEnd(text, at);
  const word = { t: 'true', f: 'false', n: 'null' }[first];
  if (word === undefined) return fail(text, at, 'looking for beginning of value');
  for (let i = 1; i < word.length; i++) {
    if (text[at + i] !== word[i]) fail(text, at + i, `in literal ${word} (expecting '${word[i]}')`);
  }
  return at + word.length;
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const character = text[at];
    if (character === '"') return at + 1;
    if (character === '\\') at = escapeEnd(text, at + 1);
    else if (character === undefined || character < ' ') fail(text, at, 'in string literal');
  }
}

function escapeEnd(text: string, at: number): number {
  if (text[at] !== 'u') return '"\\/bfnrt'.includes(text[at] ?? ' ') ? at : fail(text, at, 'in string escape code');
  for (let i = 1; i <= 4; i++) {
    if (!/[0-9a-fA-F]/.test(text[at + i] ?? '')) fail(text, at + i, 'in \\u hexadecimal character escape');
  }
  return at + 4;
}

function numberEnd(text: string, start: number): number {
  let at = text[start] === '-' ? start + 1 : start;
  if (!isDigit(text[at])) fail(text, at, 'in numeric literal');
  at = text[at] === '0' ? at + 1 : digitsEnd(text, at);
  if (text[at] === '.') {
    if (!isDigit(text[at + 1])) fail(text, at + 1, 'after decimal point in numeric literal');
    at = digitsEnd(text, at + 1);
  }
  if (text[at] !== 'e' && text[at] !== 'E') return at;
  at += text[at + 1] === '+' || text[at + 1] === '-' ? 2 : 1;
  if (!isDigit(text[at])) fail(text, at, 'in exponent of numeric literal');
  return digitsEnd(text, at);
}

function digitsEnd(text: string, start: number): number {
  let at = start;
  while (isDigit(text[at])) at++;
  return at;
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\r' || text[at] === '\n') at++;
  return at;
}

function fail(text: string, at: number, where: string): never {
  throw new BadJson(at >= text.length ? 'unexpected EOF' : `invalid character ${quoted(text, at)} ${where}`);
}

/** Go names the byte, not the character: of a longer one it shows the first byte as if it were Latin-1. */
function quoted(text: string, at: number): string {
  const byte = Buffer.from(String.fromCodePoint(text.codePointAt(at) ?? 0))[0] ?? 0;
  const named = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r', 39: "'", 92: '\\' }[byte];
  if (named !== undefined) return `'\\${named}'`;
  const printable = (byte >= 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
  return printable ? `'${String.fromCharCode(byte)}'` : `'\\x${byte.toString(16).padStart(2, '0')}'`;
}

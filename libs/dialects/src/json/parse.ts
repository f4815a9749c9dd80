import { ClusterError } from '@tutti/core';
import { stringEnd } from './string-end.ts';

const deepest = 64;
const tokens = /"|[[\]{}:,]|[^\s"[\]{}:,]+/g;
const scalar = /^(?:true|false|null|-?\d.*)$/;

/**
 * JSON.parse for text from outside. Throws malformed_json, which tells where the text is wrong and quotes at most one
 * character of it. Refuses more than 64 levels of nesting: what walks the value later may be recursive.
 */
export function parseJson(text: string): unknown {
  refuseDeep(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClusterError('malformed_json', `invalid JSON: ${complaint(text, cause)}`, { cause });
  }
}

function refuseDeep(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = stringEnd(text, at) - 1;
    else if (character === ']' || character === '}') depth--;
    else if ((character === '[' || character === '{') && ++depth > deepest) {
      throw new ClusterError(
        'malformed_json',
        `invalid JSON: nested more than ${deepest} levels deep at position ${at}`,
      );
    }
  }
}

/** V8 tells the position of every fault but two. For one of these it quotes the text around it, which may be a secret. */
function complaint(text: string, cause: unknown): string {
  const message = cause instanceof Error ? cause.message : '';
  if (message.includes(' at position ')) return message;
  const at = message.startsWith('Unexpected token') ? unexpectedToken(text) : text.length;
  if (at === text.length) return `Unexpected end of JSON input at position ${at}`;
  return `Unexpected token ${JSON.stringify(text.charAt(at))} in JSON at position ${at}`;
}

/** Where a value should stand and none does. V8 has found everything before it sound. */
function unexpectedToken(text: string): number {
  let previous = ':';
  tokens.lastIndex = 0;
  for (let found = tokens.exec(text); found; found = tokens.exec(text)) {
    const [token] = found;
    if (token === '"') tokens.lastIndex = stringEnd(text, found.index);
    else if (!mayFollow(previous, token)) return found.index;
    previous = token;
  }
  return text.length;
}

function mayFollow(previous: string, token: string): boolean {
  if (!'[]{}:,'.includes(token)) return scalar.test(token);
  const valueIsDue = previous === ':' || previous === ',' || previous === '[';
  return !valueIsDue || token === '[' || token === '{' || previous + token === '[]';
}

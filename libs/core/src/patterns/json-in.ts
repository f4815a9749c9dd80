import type { Json } from './json.ts';

/** Texts with more places where JSON could begin are not searched further. */
const mostBeginnings = 64;

/** The JSON values that a model's text holds, likeliest first: the whole of it, then those with words or fences around. */
export function* jsonIn(text: string): Generator<Json> {
  const spoken = withoutThinking(text).trim();
  const whole = parsed(spoken);
  if (whole !== undefined) return yield whole;
  let begin = nextBeginning(spoken, 0);
  for (let tries = 0; begin >= 0 && tries < mostBeginnings; tries++) {
    const end = endOf(spoken, begin);
    const value = end === undefined ? undefined : parsed(spoken.slice(begin, end));
    if (value !== undefined) yield value;
    begin = nextBeginning(spoken, value === undefined ? begin + 1 : end!);
  }
}

/** What a model says after having thought aloud. */
export function withoutThinking(text: string): string {
  const end = text.lastIndexOf('</think>');
  return end < 0 ? text : text.slice(end + '</think>'.length);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function nextBeginning(text: string, from: number): number {
  for (let index = from; index < text.length; index++) if (text[index] === '{' || text[index] === '[') return index;
  return -1;
}

/** Where the brackets that open at `begin` are all closed. */
function endOf(text: string, begin: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let index = begin; index < text.length; index++) {
    const character = text[index];
    if (quoted) {
      if (character === '\\') index += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth === 0) return index + 1;
  }
  return undefined;
}

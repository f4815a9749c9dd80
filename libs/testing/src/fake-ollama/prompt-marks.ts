import type { Prompt } from '@tutti/simulation';

/** Words between two marks. */
const spacing = 16;

/** What a slot's cache needs to know of a prompt of so many tokens: a mark after every 16th word of its text. */
export function promptMarks(text: string, tokens: number): Prompt {
  const prefix = [];
  let hash = 0x811c9dc5;
  let count = 0;
  for (const [word] of text.matchAll(/\S+/g)) {
    for (let index = 0; index < word.length; index++) hash = Math.imul(hash ^ word.charCodeAt(index), 0x01000193);
    hash = Math.imul(hash ^ 32, 0x01000193);
    count++;
    if (count % spacing === 0) prefix.push({ hash, tokens: count });
  }
  return { tokens, prefix };
}

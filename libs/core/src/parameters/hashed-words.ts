/** Places that a feature may fall into. */
export const featurePlaces = 2_048;

/** Of a longer text only the beginning and the end are read: what is asked stands there. */
const longestEnd = 1_000;

/** Letters of a word that count, so that "translate" and "translation" are one. */
const stemLetters = 6;

const start = '^';

/**
 * The words, numbers and signs of a text and each two of them that follow each other, as places in a table: a bag of
 * hashed features (Weinberger and others, 2009). Each place comes once.
 */
export function hashedWords(text: string): number[] {
  const words = wordsOf(text);
  const pairs = words.map((word, index) => `${words[index - 1] ?? start} ${word}`);
  return [...new Set([...words, ...pairs].map(placeOf))];
}

function wordsOf(text: string): string[] {
  const ends = text.length > 2 * longestEnd ? `${text.slice(0, longestEnd)} ${text.slice(-longestEnd)}` : text;
  return [...ends.toLowerCase().matchAll(/\p{L}+|\d+|[^\s\p{L}\d]/gu)].map(([word]) =>
    /^\d/.test(word) ? '0' : word.slice(0, stemLetters),
  );
}

/** FNV-1a. */
function placeOf(feature: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < feature.length; at++) hash = Math.imul(hash ^ feature.charCodeAt(at), 0x01000193);
  // The low bits of this hash alone are poor.
  return ((hash >>> 16) ^ hash) & (featurePlaces - 1);
}

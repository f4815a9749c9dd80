import { tellingWords, wordsOf } from './words.ts';

/**
 * How much of what two texts say is the same, 0 to 1: twice the words that both have over the words of both. Words of
 * the question do not count; any answer has them.
 */
export function similarity(a: string, b: string, question = ''): number {
  const common = new Set(wordsOf(question));
  const tellingOf = (text: string) => [...tellingWords(text)].filter((word) => !common.has(word));
  const left = tellingOf(a);
  const right = new Set(tellingOf(b));
  if (left.length + right.size === 0) return wordsOf(a).join(' ') === wordsOf(b).join(' ') ? 1 : 0;
  const both = left.filter((word) => right.has(word)).length;
  return (2 * both) / (left.length + right.size);
}

/** Place of the text that is most like the others; the first of equals. */
export function mostCentral(texts: readonly string[], question = ''): number {
  const closeness = texts.map((text, place) =>
    texts.reduce((sum, other, index) => (index === place ? sum : sum + similarity(text, other, question)), 0),
  );
  return closeness.indexOf(Math.max(...closeness));
}

/** Mean similarity of all pairs; 1 for a single text. */
export function meanSimilarity(texts: readonly string[], question = ''): number {
  const pairs = texts.flatMap((a, place) => texts.slice(place + 1).map((b) => similarity(a, b, question)));
  return pairs.length === 0 ? 1 : pairs.reduce((sum, one) => sum + one, 0) / pairs.length;
}

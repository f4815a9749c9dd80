import { numbersIn } from './numbers.ts';
import { tellingWords } from './words.ts';

/** A sentence, and whose it is. */
export type Origin = {
  readonly sentence: string;
  /** Places of the sources that say it too. */
  readonly sources: readonly number[];
  /** No source says it. */
  readonly invented: boolean;
};

/** Share of a sentence's telling words that a source must have in one place. It parts the sentences of open-answers.fixture.ts best. */
const enoughOverlap = 0.4;

/** Sentences of a source that are one place: a writer may draw on them for one sentence. */
const placeSentences = 3;

/** With fewer telling words a sentence claims nothing. */
const fewestWords = 3;

/** The ends of sentences and lines; the number of a list's item ends none. */
const boundary = /(?<!(?:^|\s)\d{1,2}\.)(?<=[.!?]["')\]*_]{0,3})\s+|(?<=[。！？])|\n+/m;

/**
 * Says of each sentence which sources support it: those that have enough of its words in one place, and all of its
 * numbers. Words are all that is compared: a source that says the same in other words is missed.
 */
export function provenanceOf(text: string, sources: readonly string[]): readonly Origin[] {
  const indexed = sources.map(indexOf);
  return sentencesOf(text).map((sentence) => {
    const words = [...tellingWords(sentence)];
    const numbers = numbersOf(sentence);
    const supporting = indexed.flatMap((source, place) => (supports(source, words, numbers) ? [place] : []));
    return { sentence, sources: supporting, invented: supporting.length === 0 && words.length >= fewestWords };
  });
}

interface Index {
  /** The telling words of each place. */
  readonly places: readonly ReadonlySet<string>[];
  readonly numbers: ReadonlySet<string>;
}

function indexOf(text: string): Index {
  const sentences = sentencesOf(text);
  const places = sentences.map((_, first) => tellingWords(sentences.slice(first, first + placeSentences).join(' ')));
  return { places, numbers: new Set(numbersOf(text)) };
}

function supports(source: Index, words: readonly string[], numbers: readonly string[]): boolean {
  if (words.length === 0 || !numbers.every((number) => source.numbers.has(number))) return false;
  return source.places.some((place) => words.filter((word) => place.has(word)).length >= enoughOverlap * words.length);
}

/** A number that begins a line is its place in a list. */
function numbersOf(text: string): readonly string[] {
  return numbersIn(text.replace(/^\s*\d{1,2}[.)]\s/gm, ''));
}

/** A block of code is one sentence. */
function sentencesOf(text: string): readonly string[] {
  return text
    .split(/^(```[\s\S]*?^```[^\n]*)$/m)
    .flatMap((part) => (part.startsWith('```') ? [part] : part.split(boundary)))
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

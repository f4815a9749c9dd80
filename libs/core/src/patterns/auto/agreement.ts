import { answerOf, kindOf, type AnswerKind } from '../ensemble/closed-answer.ts';
import { mostCentral, similarity } from '../ensemble/similarity.ts';

/** From this similarity on open answers without a contradiction say the same: it parts the pairs of the fixtures best. */
const enoughSimilarity = 0.25;

/** Whether samples of one model say the same. */
export interface Agreement {
  /** The kind of answer, if it is closed. */
  readonly kind: AnswerKind | undefined;
  /** Share of equal answers; of open ones the lowest similarity to the most central of them. */
  readonly agreement: number;
  readonly agree: boolean;
}

export function agreementAmong(texts: readonly string[], question: string): Agreement {
  const kind = kindOf(texts);
  if (kind === undefined) {
    const central = texts[mostCentral(texts, question)];
    const agreement = Math.min(...texts.map((text) => likeness(text, central!, question)));
    return { kind, agreement, agree: texts.length > 1 && agreement >= enoughSimilarity };
  }
  const keys = texts.map((text) => answerOf(text, kind)?.key);
  const most = Math.max(...keys.map((key) => (key === undefined ? 0 : keys.filter((one) => one === key).length)));
  return { kind, agreement: most / texts.length, agree: texts.length > 1 && most === texts.length };
}

/** Whether two of the texts give different closed answers: no further one makes them agree. */
export function contradict(texts: readonly string[]): boolean {
  const kind = kindOf(texts);
  if (kind === undefined) return false;
  const keys = texts.map((text) => answerOf(text, kind)?.key).filter((key) => key !== undefined);
  return new Set(keys).size > 1;
}

/** Whether two open answers say the same, as far as their words tell. */
export function sayTheSame(a: string, b: string, question: string): boolean {
  return likeness(a, b, question) >= enoughSimilarity;
}

/** Their similarity; 0 if each has names or numbers that the other has not: then one is in the other's place. */
function likeness(a: string, b: string, question: string): number {
  const clash = namesIn(a).some((name) => !b.includes(name)) && namesIn(b).some((name) => !a.includes(name));
  return clash ? 0 : similarity(a, b, question);
}

/** Numbers, and words with a capital letter that do not begin a sentence. */
function namesIn(text: string): readonly string[] {
  return text.match(/(?<=[\p{Ll}\p{N},;:)] )\p{Lu}[\p{L}\p{N}]+|\d+(?:[.,]\d+)*/gu) ?? [];
}

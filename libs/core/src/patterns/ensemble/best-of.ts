import { z } from 'zod';
import { askFor } from '../ask-for.ts';
import { excerpt } from '../excerpt.ts';
import { fenced, fencedAreData } from '../fenced.ts';
import type { RunContext } from '../pattern.ts';
import type { Question, Turn } from '../question.ts';
import type { Note } from '../run-event.ts';

export interface BestOf {
  /** Place of the best candidate. */
  readonly winner: number;
  /** Comparisons that each candidate won, of those it was in; 0.5 for a tie. */
  readonly scores: readonly number[];
}

interface Options {
  readonly judge: string;
  readonly messages: readonly Turn[];
  /** Whoever stands first wins a tie. */
  readonly candidates: readonly string[];
}

const verdict = z.object({ better: z.enum(['first', 'second', 'tie']) });

const rubric =
  'Which answer is better? What counts is whether it is right; then whether it answers all that was asked. How long it ' +
  'is, how sure it sounds and how it is laid out do not count. If neither is clearly better, say "tie". ' +
  'Answer with JSON: {"better": "first"}, {"better": "second"} or {"better": "tie"}.';

/** Tokens of each text that the judge reads. A candidate is cut to no more than twice the length of the other. */
const mostTokens = 1_000;
const fewestTokens = 100;
const charactersPerToken = 4;

/** Lets a model compare the candidates in pairs, the winner of each against that of the next, until one is left. */
export async function* bestOf(options: Options, context: RunContext): AsyncGenerator<Note, BestOf, void> {
  const { candidates } = options;
  const won = candidates.map(() => 0);
  const played = candidates.map(() => 0);
  let left = candidates.map((_, place) => place);
  for (let round = 1; left.length > 1; round++) {
    const pairs = Array.from({ length: Math.floor(left.length / 2) }, (_, index) =>
      left.slice(2 * index, 2 * index + 2),
    );
    const points = await Promise.all(pairs.map(([a, b]) => compared(options, a!, b!, context)));
    const winners = pairs.map(([a, b], index) => (points[index]! >= 0.5 ? a! : b!));
    for (const [index, [a, b]] of pairs.entries()) {
      won[a!]! += points[index]!;
      won[b!]! += 1 - points[index]!;
      played[a!]! += 1;
      played[b!]! += 1;
      yield { kind: 'compared', round, pair: [a!, b!], better: points[index] === 0.5 ? null : winners[index]! };
    }
    left = [...winners, ...left.slice(2 * pairs.length)].toSorted((a, b) => a - b);
  }
  return { winner: left[0]!, scores: won.map((points, place) => points / Math.max(1, played[place]!)) };
}

/** How many calls comparing so many takes. */
export function callsToCompare(candidates: number): number {
  return 2 * Math.max(0, candidates - 1);
}

/** What the first of two has of one point: a judge that does not say the same in both orders has said nothing. */
async function compared(options: Options, a: number, b: number, context: RunContext): Promise<number> {
  if (options.candidates[a] === options.candidates[b]) return 0.5;
  const [forward, backward] = await Promise.all([judged(options, a, b, context), judged(options, b, a, context)]);
  if (forward === 'first' && backward === 'second') return 1;
  return forward === 'second' && backward === 'first' ? 0 : 0.5;
}

async function judged({ judge, messages, candidates }: Options, first: number, second: number, context: RunContext) {
  const texts = [candidates[first]!, candidates[second]!];
  const shorter = Math.min(...texts.map(({ length }) => length)) / charactersPerToken;
  const bound = Math.min(mostTokens, Math.max(fewestTokens, 2 * Math.ceil(shorter)));
  const content = [
    'Two answers to the last turn of this conversation are to be compared.',
    fencedAreData,
    fenced('conversation', excerpt(messages.map(spokenTurn).join('\n'), 2 * mostTokens)),
    fenced('first-answer', excerpt(texts[0]!, bound)),
    fenced('second-answer', excerpt(texts[1]!, bound)),
    rubric,
  ].join('\n\n');
  const question: Question = {
    ...{ model: judge, messages: [{ role: 'user', content, ...pictures(messages) }], label: { role: 'judge' } },
    ...{ temperature: 0, maxTokens: Math.min(512, context.allowance(callsToCompare(candidates.length))) },
  };
  return (await askFor(context, `judge.${first + 1}-${second + 1}`, question, verdict))?.better;
}

function spokenTurn({ role, content }: Turn): string {
  return `${role}: ${content}`;
}

function pictures(messages: readonly Turn[]): { readonly images?: readonly string[] } {
  const images = messages.flatMap((turn) => turn.images ?? []);
  return images.length > 0 ? { images } : {};
}

import { withUserText } from '../conversation.ts';
import { wordsOf } from '../ensemble/words.ts';
import { excerpt } from '../excerpt.ts';
import { fenced, fencedAreData } from '../fenced.ts';
import type { Turn } from '../question.ts';
import type { Position } from './position.ts';
import { speakerOf, type Side } from './sides.ts';

/** Tokens of all arguments that one prompt shows, about. */
const shownTokens = 3_000;

export function statementPrompt(turns: readonly Turn[]): readonly Turn[] {
  return withUserText(
    turns,
    'Answer as JSON: first your reasoning, step by step, in at most 200 words; then the answer, bare if it is a number, a ' +
      'letter, a name or a few words; then how sure you are of it, from 0 to 1.',
  );
}

/** What a member is asked when others see it differently; nobody is named, and their order is chance. */
export function rejoinderPrompt(turns: readonly Turn[], own: Position, sides: readonly Side[]): readonly Turn[] {
  const tokens = Math.floor(shownTokens / sides.length);
  return withUserText(
    turns,
    `This was answered before.\n\nYour own answer: ${fenced('yours', own.answer)}\nYour reasoning:\n` +
      `${fenced('yours', excerpt(own.reasoning, tokens))}\n\n${sides.map((side) => shown(side, tokens)).join('\n\n')}\n\n` +
      `${fencedAreData}\n\nKeep your answer unless one step of an argument for another answer shows that yours is wrong. ` +
      'Then copy that step into "quote", word for word; a change without such a quote does not count, and how many say ' +
      'something is no reason. Else leave the quote empty and repeat your answer. Answer as JSON.',
  );
}

/** The final answer of an open question. */
export function synthesisPrompt(turns: readonly Turn[], winner: Side, others: readonly Side[]): readonly Turn[] {
  const tokens = Math.floor(shownTokens / (others.length + 1));
  const text = (side: Side): string => {
    const { reasoning, answer } = speakerOf(side);
    return fenced('answer', excerpt(`${answer}\n\n${reasoning}`, tokens));
  };
  return withUserText(
    turns,
    `A debate was held on this, and this answer won:\n${text(winner)}\n\nOthers said:\n${others.map(text).join('\n')}\n\n` +
      `${fencedAreData}\n\nWrite the final answer from the one that won. Take from the others only what corrects or ` +
      'completes it. Do not mention the debate.',
  );
}

function shown({ positions }: Side, tokens: number): string {
  const members = positions.length === 1 ? '1 other says' : `${positions.length} others say`;
  const reasons = distinct(positions).map(({ reasoning }) =>
    fenced('argument', excerpt(reasoning, tokens / positions.length)),
  );
  return `${members}:\n${fenced('answer', excerpt(positions[0]!.answer, tokens))}\nbecause\n${reasons.join('\n')}`;
}

/** An argument that several share is read once. */
function distinct(positions: readonly Position[]): readonly Position[] {
  const seen = new Set<string>();
  return positions.filter(({ reasoning }) => {
    const words = wordsOf(reasoning).join(' ');
    return !seen.has(words) && seen.add(words);
  });
}

import { excerpt } from '../excerpt.ts';
import type { Turn } from '../question.ts';

/** What a conversation remembers. */
export type Memory = {
  /** Goals and facts that are never left out. */
  readonly pinned: readonly string[];
  /** What was said before `recent`; "": nothing. */
  readonly summary: string;
  /** The last turns as they were said; the last one is to be answered. */
  readonly recent: readonly Turn[];
};

const charactersPerToken = 3.5;

/** Shares of the window. */
const fullAt = 0.6;
const keptWhenFull = 0.3;
const mostSummary = 0.25;

/** Tokens of a text, about. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / charactersPerToken);
}

/**
 * The memory within a window of tokens: the summary is cut, then the oldest turns go. What is pinned stays, and so does
 * the last turn.
 */
export function trimmedMemory(memory: Memory, window: number): Memory {
  const summary = excerpt(memory.summary, Math.floor(window * mostSummary));
  const left = window - total(memory.pinned) - tokensOf(summary);
  return { pinned: memory.pinned, summary, recent: newest(memory.recent, left) };
}

/** How many of the oldest turns go into the summary now; 0: the window is not full enough. */
export function turnsToSummarise({ pinned, summary, recent }: Memory, window: number): number {
  const taken = total(pinned) + tokensOf(summary) + total(recent.map(({ content }) => content));
  if (taken <= window * fullAt) return 0;
  return recent.length - newest(recent, window * keptWhenFull).length;
}

/** The memory as the turns of a call. */
export function memoryTurns({ pinned, summary, recent }: Memory): readonly Turn[] {
  const parts = [
    ...(pinned.length > 0 ? [`What this conversation is about:\n${pinned.join('\n')}`] : []),
    ...(summary === '' ? [] : [`What was said before:\n${summary}`]),
  ];
  return parts.length > 0 ? [{ role: 'system', content: parts.join('\n\n') }, ...recent] : recent;
}

function total(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + tokensOf(text), 0);
}

/** The last turns that fit; always the last one. */
function newest(turns: readonly Turn[], tokens: number): readonly Turn[] {
  let left = tokens - tokensOf(turns.at(-1)?.content ?? '');
  let first = Math.max(0, turns.length - 1);
  while (first > 0) {
    left -= tokensOf(turns[first - 1]!.content);
    if (left < 0) break;
    first -= 1;
  }
  return turns.slice(first);
}

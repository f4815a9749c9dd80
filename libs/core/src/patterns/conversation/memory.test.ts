import { expect, test } from 'vitest';
import type { Turn } from '../question.ts';
import { memoryTurns, tokensOf, trimmedMemory, turnsToSummarise } from './memory.ts';

const turn = (content: string): Turn => ({ role: 'user', content });
/** Turns of ten tokens each. */
const turns = (count: number): Turn[] =>
  Array.from({ length: count }, (_, index) => turn(String(index).padEnd(35, '.')));
const empty = { pinned: [], summary: '' };

test('counts a token for three and a half characters', () => {
  expect([tokensOf(''), tokensOf('abc'), tokensOf('a'.repeat(35))]).toEqual([0, 1, 10]);
});

test('keeps what is pinned and the last turn, and of the others the newest that fit', () => {
  const recent = turns(10);
  const pinned = ['p'.repeat(35)];
  const { recent: kept } = trimmedMemory({ pinned, summary: '', recent }, 45);
  expect(kept).toEqual(recent.slice(-3));
  const tight = trimmedMemory({ pinned, summary: 's'.repeat(400), recent }, 12);
  expect(tight).toMatchObject({ pinned, recent: recent.slice(-1) });
  expect(tokensOf(tight.summary)).toBeLessThan(10);
  expect(trimmedMemory({ ...empty, recent: [] }, 10).recent).toEqual([]);
});

test('has the oldest turns summarised once it is over 60 % full', () => {
  expect(turnsToSummarise({ ...empty, recent: turns(6) }, 100)).toBe(0);
  expect(turnsToSummarise({ ...empty, recent: turns(7) }, 100)).toBe(4);
  expect(turnsToSummarise({ ...empty, summary: 's'.repeat(35), recent: turns(6) }, 100)).toBe(3);
  expect(turnsToSummarise({ ...empty, recent: [turn('x'.repeat(900))] }, 100)).toBe(0);
});

test('tells what it is about and what was said before first', () => {
  const recent = turns(1);
  expect(memoryTurns({ ...empty, recent })).toEqual(recent);
  expect(memoryTurns({ pinned: ['a house'], summary: 'they like wood', recent })).toEqual([
    { role: 'system', content: 'What this conversation is about:\na house\n\nWhat was said before:\nthey like wood' },
    ...recent,
  ]);
});

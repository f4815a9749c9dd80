import type { RunEvent } from '@tutti/core/patterns';
import { expect, it } from 'vitest';
import { createVoices } from './voices.ts';

const asked = (step: string, role = 'member'): RunEvent => ({
  ...{ type: 'asked', step, hash: '', model: `${step}:1b` },
  label: { role },
});
const said = (step: string, text: string): RunEvent => ({ type: 'said', step, voice: 'thinking', text });
const failed = (step: string): RunEvent => ({ type: 'failed', step, error: { reason: 'internal', message: '' } });

/** What is told after each of the events. */
function toldOf(events: readonly RunEvent[]): { readonly told: string[]; readonly close: () => string } {
  let text = '';
  const voices = createVoices((more) => void (text += more));
  const taken = (): string => {
    const [more, none] = [text, ''];
    text = none;
    return more;
  };
  const told = events.map((event) => {
    voices.hear(event);
    return taken();
  });
  const close = (): string => {
    voices.close();
    return taken();
  };
  return { told, close };
}

it('tells the first who speaks as it speaks, and the others when it has ended', () => {
  const events = [asked('a'), asked('b'), asked('c', 'critic'), said('b', 'one '), said('a', 'uno '), said('b', 'two')];
  const { told } = toldOf([...events, said('c', 'un'), failed('c'), failed('b'), said('a', 'due'), failed('a')]);
  const own = ['', '', '', '[member b:1b] one ', '', 'two', '', ''];
  expect(told).toEqual([...own, '\n\n[member a:1b] uno ', 'due', '\n\n[critic c:1b] un']);
});

it('tells what waits before it closes, and nothing after', () => {
  const { told, close } = toldOf([asked('a'), asked('b'), said('a', 'one'), said('b', 'two')]);
  expect(told.join('')).toBe('[member a:1b] one');
  expect(close()).toBe('\n\n[member b:1b] two');
  expect(close()).toBe('');
});

it('tells the statements of a vote as voices of their own', () => {
  const statements = [
    { model: 'a', content: 'yes' },
    { model: 'b', content: 'no' },
  ];
  const { told } = toldOf([
    { type: 'noted', note: { kind: 'vote', round: 0, statements } },
    { type: 'noted', note: { kind: 'vote', answers: [] } },
    { type: 'noted', note: { kind: 'decision', by: 'vote' } },
  ]);
  expect(told).toEqual(['[member a, round 0] yes\n\n[member b, round 0] no', '', '']);
});

it('keeps what is the answer for the answer', () => {
  const { told } = toldOf([asked('a'), { type: 'said', step: 'a', voice: 'answer', text: '42' }, failed('a')]);
  expect(told).toEqual(['', '', '']);
});

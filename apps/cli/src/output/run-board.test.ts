import { expect, it } from 'vitest';
import type { RunEvent } from '../connection/api.ts';
import { createRunBoard } from './run-board.ts';

const eventOf = (seq: number, fields: object): RunEvent => ({ seq, time: '', ...fields }) as RunEvent;

const boardOf = (...events: readonly object[]): string => {
  const board = createRunBoard('my-run');
  for (const [index, fields] of events.entries()) board.add(eventOf(index + 1, fields));
  return board.text();
};

const asked = (step: string, more = {}) => ({ type: 'asked', step, role: 'member', model: 'llama:1b', ...more });

it('draws the tasks of a plan, further in behind those whose results they need', () => {
  const tasks = [
    { id: 't3', role: 'critic', task: 'look at it', dependencies: ['t2'] },
    { id: 't1', role: 'research', task: 'find', dependencies: [] },
    { id: 't2', role: 'code', task: 'write', dependencies: ['t1'] },
  ];
  const text = boardOf(
    { type: 'started', pattern: 'maestro' },
    { type: 'noted', note: { kind: 'plan', tasks } },
    { type: 'noted', note: { kind: 'task', id: 't1', status: 'COMPLETED' } },
    { type: 'noted', note: { kind: 'task', id: 't2', status: 'RUNNING' } },
  );
  expect(text).toBe(
    [
      'maestro my-run',
      '',
      'TASK      STATE        ROLE        AFTER    WHAT',
      't1        COMPLETED    research             find',
      '  t2      RUNNING      code        t1       write',
      '    t3    PENDING      critic      t2       look at it',
    ].join('\n'),
  );
});

it('shows what each member says, and how it ended', () => {
  const text = boardOf(
    { type: 'started', pattern: 'ensemble' },
    asked('member.1'),
    asked('member.2'),
    asked('member.3'),
    { type: 'said', step: 'member.1', text: 'The sky ' },
    { type: 'said', step: 'member.1', text: 'is\nblue.' },
    { type: 'answered', step: 'member.2', model: 'qwen:2b', node: 'gpu1', text: 'It is \u001B[2Jblue.' },
    { type: 'dropped', step: 'member.3', why: 'the vote is decided' },
    { type: 'ended', state: 'COMPLETED', usage: { calls: 3, outputTokens: 12 } },
  );
  expect(text.split('\n').slice(3)).toEqual([
    'member.1    member    RUNNING      llama:1b            The sky is blue.',
    'member.2    member    COMPLETED    qwen:2b     gpu1    It is blue.',
    'member.3    member    DROPPED      llama:1b            the vote is decided',
    '',
    'COMPLETED: 3 calls, 12 tokens',
  ]);
});

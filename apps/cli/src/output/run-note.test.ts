import { expect, it } from 'vitest';
import { describeNote } from './run-note.ts';

const votes = [
  { answer: '16', members: ['a', 'b'], weight: 2 },
  { answer: '8', members: ['c'], weight: 1 },
];
const flip = { model: 'c', from: '8', to: '16', quote: 'eight\nlegs', accepted: true };

it.each([
  [{ kind: 'vote', round: 0, votes }, ['first vote: 16 (a, b), 8 (c)']],
  [
    { kind: 'vote', round: 1, votes: votes.slice(0, 1), flips: [flip, { ...flip, accepted: false, why: 'no quote' }] },
    [
      'flip: c goes from 8 to 16, because of "eight legs"',
      'flip: c wants to go from 8 to 16, and may not: no quote',
      'vote after round 1: 16 (a, b)',
    ],
  ],
  [{ kind: 'vote', answers: [{ model: 'a', answer: '16' }] }, ['vote: 16 (a)']],
  [
    {
      kind: 'members',
      members: [
        { model: 'a', samples: 1 },
        { model: 'b', samples: 3 },
      ],
    },
    ['members: a, b x 3'],
  ],
  [{ kind: 'ballot', model: 'a', answer: '16' }, ['ballot: a says 16']],
  [
    { kind: 'plan', tasks: [{ id: 't1', role: 'code', task: 'write', dependencies: ['t0'] }] },
    ['plan:', '  t1  code  write (after t0)'],
  ],
  [
    { kind: 'plan', step: 'plan', steps: [{ specialist: 'code', instruction: 'write it' }] },
    ['plan:', '  code  write it'],
  ],
  [{ kind: 'plan', step: 'plan', steps: [] }, ['plan: one answers']],
  [{ kind: 'tool', tool: 'calculator', arguments: '{"a":1}', outcome: 'denied' }, ['tool calculator denied: {"a":1}']],
  [
    { kind: 'step', step: 'step.1', specialist: 'code', state: 'done', content: 'It is written.' },
    ['step.1 code: done, It is written.'],
  ],
  [{ kind: 'step', step: 'step.2', specialist: 'critic', state: 'stalled', content: '' }, ['step.2 critic: stalled']],
  [{ kind: 'task', id: 't1', status: 'COMPLETED', checked: 'passed' }, ['task t1: COMPLETED, passed']],
  [{ kind: 'escalated', models: ['a', 'b'] }, ['asked on: a, b']],
  [{ kind: 'marks', marks: [3] }, ['marks: {"marks":[3]}']],
  [{ kind: 'plan', tasks: 'later versions' }, ['plan: {"tasks":"later versions"}']],
])('%j', (note, lines) => {
  expect(describeNote(note)).toEqual(lines);
});

import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import type { Event, Happening, History, Rest } from './history.ts';

const quiet: Rest = {
  ...{ waiting: 0, inFlight: 0, refused: 0, timers: 0, listeners: 0, live: 0 },
  stuckBreakers: [],
};

const asked = {
  kind: 'asked',
  request: 'r',
  model: 'm',
  fallback: [],
  resume: false,
  privacy: 'cluster',
  pin: '',
  content: 1,
  mustSucceed: false,
} as const;
const reported = { kind: 'reported', node: 'a', boot: 'a.1', draining: false, runners: [] } as const;
const chosen = {
  kind: 'chosen',
  request: 'r',
  node: 'a',
  model: 'm',
  load: false,
  evict: [],
  neededTokens: 9,
} as const;
const sent = { kind: 'sent', send: 1, request: 'r', node: 'a', boot: 'a.1', model: 'm', embeds: false } as const;
const entered = { kind: 'entered', attempt: 2, request: 'r', node: 'a', model: 'm' } as const;
const worked = { kind: 'worked', attempt: 2, pieces: 2, complete: true } as const;
const returned = { kind: 'returned', send: 1, reason: '' } as const;
const text = 'a/2/0 a/2/1 ';
const ended = { kind: 'ended', request: 'r', outcome: 'complete', text, resumed: false, afterDone: 0 } as const;
const enqueued = { kind: 'enqueued', wait: 3, request: 'r' } as const;
const granted = { kind: 'granted', wait: 3, node: 'a' } as const;

const accepted = { kind: 'accepted', send: 1 } as const;
const answering = { kind: 'answering', send: 1 } as const;

const well: readonly Happening[] = [
  ...[asked, reported, enqueued, chosen, granted, sent, accepted, entered, worked, answering, returned, ended],
];

/** One event a second. */
function historyOf(happenings: readonly Happening[], rest: Partial<Rest> = {}, stepMs = 1_000): History {
  const traits = (name: string, cloud = false) => ({ name, cloud, sameMachine: name === 'a', slots: 1 });
  const events = happenings.map((happening, index): Event => ({ at: index * stepMs, ...happening }));
  return { nodes: [traits('a'), traits('b'), traits('c', true)], concurrency: 3, events, rest: { ...quiet, ...rest } };
}

const rulesOf = (happenings: readonly Happening[], rest?: Partial<Rest>, stepMs?: number): string[] => [
  ...new Set(check(historyOf(happenings, rest, stepMs)).map(({ rule }) => rule)),
];

/** The good history with each of its events changed. */
const changed = (change: (happening: Happening) => readonly Happening[]): Happening[] => well.flatMap(change);
const where = (kind: Happening['kind'], changes: object): Happening[] =>
  changed((happening) => [happening.kind === kind ? Object.assign({}, happening, changes) : happening]);
const without = (kind: Happening['kind']): Happening[] => well.filter((happening) => happening.kind !== kind);
const before = (kind: Happening['kind'], ...others: Happening[]): Happening[] =>
  changed((happening) => (happening.kind === kind ? [...others, happening] : [happening]));

it('finds nothing in a history in which all is well', () => {
  expect(check(historyOf(well))).toEqual([]);
});

const more: readonly Happening[] = [5, 6, 7].map((send) => ({ ...sent, send }));
const loading = { ...chosen, load: true } as const;

describe('finds', () => {
  it.each<[string, string, Happening[]]>([
    ['I1 one end', 'a request without an end', without('ended')],
    ['I1 one end', 'two ends', [...well, ended]],
    ['I1 one end', 'chunks after the last one', where('ended', { afterDone: 1 })],
    ['I1 one end', "an error that is nobody's business", where('ended', { outcome: 'no_slot' })],
    ['I1 one end', 'a client that left and still waits', before('worked', { kind: 'left', request: 'r' })],
    ['I2 one attempt', 'a missing piece', where('ended', { text: 'a/2/1 ' })],
    ['I2 one attempt', 'an answer cut short that counts as complete', where('ended', { text: 'a/2/0 ' })],
    ['I2 one attempt', 'a piece twice', where('ended', { text: 'a/2/0 a/2/0 a/2/1 ' })],
    ['I2 one attempt', "another request's answer", where('ended', { text: 'a/9/0 a/9/1 ' })],
    ['I2 one attempt', 'two answers in one', where('ended', { text: 'b/1/0 a/2/0 a/2/1 ' })],
    ['I3 slots', 'three calls on one slot and a waiting place', before('sent', ...more)],
    ['I3 slots', 'a machine that is overfull', [...well, sampleWith({ overfull: ['a m'] })]],
    [
      'I3 one load',
      'a second load at the same time',
      before(
        'chosen',
        ...[{ ...asked, request: 's' }, loading, sent],
        ...[
          { ...loading, request: 's', model: 'o' },
          { ...sent, send: 5, request: 's', model: 'o' },
        ],
      ),
    ],
    ['I4 conservation', 'a wait that never ends', without('granted')],
    [
      'I4 conservation',
      'a wait that ends twice',
      before('sent', { ...granted, kind: 'refused', reason: '', sheds: false }),
    ],
    ['I5 members', 'a call to a suspect', before('sent', { kind: 'suspended', node: 'a' })],
    ['I5 members', 'a call to a node that is gone', before('sent', { kind: 'removed', node: 'a' })],
    ['I5 members', 'a call to a process that is no more', before('sent', { ...reported, boot: 'a.2' })],
    ['I5 members', 'a call to a draining node', before('sent', { ...reported, draining: true })],
    ['I5 members', 'a call to a cordoned node', before('sent', { kind: 'cordoned', node: 'a' })],
    ['I5 members', 'a call while the queue is paused', before('sent', { kind: 'paused' })],
    ['I6 privacy', 'a call that leaves the machine', where('asked', { privacy: 'local' }).concat(elsewhere('b'))],
    ['I6 privacy', 'a call that goes to a cloud account', well.concat(elsewhere('c'))],
    ['pin', 'a call to another node than it asked for', where('asked', { pin: 'b' })],
    ['model', 'another model than asked', where('sent', { model: 'o' })],
    ['I9 ejected', 'too many nodes ejected', [...well, sampleWith({ ejected: [{ model: 'm', ready: 4, out: 3 }] })]],
    ['I10 calm', 'a failure long after the last fault', where('asked', { mustSucceed: true }).map(failed)],
    ['needless load', 'a load of what is there', needless()],
    ['poison', 'a third node that a prompt kills', well.concat(['a', 'b', 'c'].flatMap(deathOf))],
    ['poison', 'an accusation after one node', where('ended', { outcome: 'poison_request', text: '' })],
  ])('%s: %s', (rule, _, happenings) => {
    expect(rulesOf(happenings)).toContain(rule);
  });

  it('I7 wait: a call that waits for more than the bound and some', () => {
    expect(rulesOf(well, {}, 100_000)).toEqual(['I7 wait']);
    expect(rulesOf(before('granted', { kind: 'paused' }, { kind: 'resumed' }), {}, 50_000)).toEqual([]);
  });

  it('I8 retries: more than a fifth and three', () => {
    const attempts = (count: number, reason = ''): Happening[] =>
      Array.from({ length: count }, (_, index): Happening[] => {
        const send = 10 + index;
        return [
          { ...sent, send },
          { kind: 'accepted', send },
          { ...returned, send, reason },
        ];
      }).flat();
    expect(rulesOf([...well, ...attempts(3)], {}, 1)).toEqual([]);
    expect(rulesOf([...well, ...attempts(4)], {}, 1)).toEqual(['I8 retries']);
    expect(rulesOf([...well, ...attempts(4, 'no_slot')], {}, 1)).toEqual([]);
  });

  it.each(Object.keys(quiet).filter((key) => key !== 'stuckBreakers' && key !== 'refused'))(
    'I10 calm: %s that is left',
    (key) => {
      expect(rulesOf(well, { [key]: 1 })).toEqual(['I10 calm']);
    },
  );

  it('I10 calm: a breaker that stays; I4: refusals that nobody saw', () => {
    expect(rulesOf(well, { stuckBreakers: ['a m half-open'] })).toEqual(['I10 calm']);
    expect(rulesOf(well, { refused: 1 })).toEqual(['I4 conservation']);
  });
});

it('takes an answer that two nodes gave where that was asked for and is said', () => {
  const other: Happening = { ...entered, attempt: 1, node: 'b' };
  const continued = (resumed: boolean): Happening[] =>
    well.flatMap((happening): Happening[] => {
      if (happening.kind === 'asked') return [{ ...happening, resume: true }, other];
      return [happening.kind === 'ended' ? { ...happening, text: `b/1/0 ${text}`, resumed } : happening];
    });
  expect(rulesOf(continued(true))).toEqual([]);
  expect(rulesOf(continued(false))).toEqual(['I2 one attempt']);
});

function sampleWith(changes: object): Happening {
  return { kind: 'sample', waiting: 0, inFlight: 0, overfull: [], ejected: [], ...changes };
}

function elsewhere(node: string): Happening[] {
  return [
    { ...reported, node },
    { ...sent, send: 8, node },
    { ...returned, send: 8 },
  ];
}

function failed(happening: Happening): Happening {
  return happening.kind === 'ended' ? { ...happening, outcome: 'upstream_error', text: '' } : happening;
}

function needless(): Happening[] {
  const runners = [{ model: 'm', numCtx: 4_096 }];
  return before('sent', { ...reported, runners }, loading);
}

function deathOf(node: string, index: number): Happening[] {
  const send = 20 + index;
  return [
    { ...reported, node },
    { ...sent, send, node },
    { kind: 'accepted', send },
    { kind: 'killed', node, by: 'prompt', content: 1 },
    { ...returned, send, reason: 'node_unreachable' },
  ];
}

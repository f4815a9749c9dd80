import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import type { ClusterError } from '../error.ts';
import { callFor, contextWith } from '../calls.fixture.ts';
import { createQuarantine } from './quarantine.ts';

const ticket = () => contextWith().ticket;
const call = callFor('m');

function setUp() {
  const clock = virtualClock();
  const quarantine = createQuarantine({ clock });
  return { clock, quarantine, record: (asked = call) => quarantine.record(asked, ticket()) };
}

const refusalOf = (check: () => void): string | undefined => {
  try {
    check();
    return undefined;
  } catch (thrown) {
    return (thrown as ClusterError).reason;
  }
};

describe('C1: a call on which nodes die', () => {
  it('is refused from the second node on, for ten minutes, whoever asks', async () => {
    const { clock, record } = setUp();
    const first = record();
    expect(first.died('a')).toBeUndefined();
    expect(refusalOf(record().check)).toBeUndefined();
    expect(first.died('b')?.reason).toBe('poison_request');
    expect(refusalOf(record().check)).toBe('poison_request');
    expect(refusalOf(record(callFor('other')).check)).toBeUndefined();
    await clock.advance(600_000);
    expect(refusalOf(record().check)).toBeUndefined();
  });

  it('is not refused for one node that dies twice', () => {
    const { record } = setUp();
    const one = record();
    one.died('a');
    expect(one.died('a')).toBeUndefined();
    expect(refusalOf(one.check)).toBeUndefined();
  });

  it('is known by its content, over requests', () => {
    const { record } = setUp();
    record().died('a');
    expect(record().died('b')?.reason).toBe('poison_request');
  });

  it('is the same request where it is continued with another content', () => {
    const { quarantine, record } = setUp();
    const same = ticket();
    quarantine.record(call, same).died('a');
    const rest = { ...callFor('m'), numPredict: 7 };
    expect(quarantine.record(rest, same).died('b')?.reason).toBe('poison_request');
    expect(refusalOf(record().check)).toBe('poison_request');
  });

  it('is innocent once it has been answered', () => {
    const { record } = setUp();
    const one = record();
    one.died('a');
    record().passed();
    expect(one.died('b')).toBeUndefined();
  });

  it('tells which nodes, and not what was asked', () => {
    const { record } = setUp();
    record().died('b');
    const error = record().died('a');
    expect(error?.message).toContain('(a, b)');
    expect(error?.http).toBe(500);
    expect(error?.retry).toBe('never');
  });
});

describe('suspects', () => {
  const other = callFor('other');

  it('do not share a node until the first has brought output', async () => {
    const { quarantine, record } = setUp();
    const [one, two] = [record(), record(other)];
    one.died('a');
    two.died('a');
    expect(one.enter('b')).toBe(true);
    expect(two.enter('b')).toBe(false);
    expect(two.enter('c')).toBe(true);
    two.leave();
    const vacancy = quarantine.vacancy(new AbortController().signal);
    one.leave();
    await vacancy;
    expect(two.enter('b')).toBe(true);
  });

  it('do not get in the way of others', () => {
    const { record } = setUp();
    const suspect = record();
    suspect.died('a');
    suspect.enter('b');
    expect(record(other).enter('b')).toBe(true);
  });

  it('are not waited for by a caller who has left', async () => {
    const { quarantine, record } = setUp();
    const suspect = record();
    suspect.died('a');
    suspect.enter('b');
    const left = new AbortController();
    const vacancy = quarantine.vacancy(left.signal);
    left.abort();
    await vacancy;
    await quarantine.vacancy(left.signal);
    suspect.leave();
    await quarantine.vacancy(new AbortController().signal);
  });

  it('are forgotten, the oldest first, when there are too many', () => {
    const { record } = setUp();
    record().died('a');
    for (let i = 0; i < 1_000; i++) record(callFor(`m${i}`)).died('a');
    expect(record().died('b')).toBeUndefined();
    expect(record(callFor('m999')).died('b')?.reason).toBe('poison_request');
  });
});

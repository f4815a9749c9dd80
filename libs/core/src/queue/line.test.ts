import { describe, expect, it } from 'vitest';
import { Priority } from '../generate.ts';
import { createLine, type Line } from './line.ts';
import { demandWith, waitingCall, type NamedCall } from './waiting.fixture.ts';

const { ADMIN, BATCH, DEFAULT, INTERACTIVE } = Priority;

/** A line of these calls, of which one starts each second as a plan has it. */
function lineOf(...calls: readonly NamedCall[]): Line<NamedCall> {
  const line = createLine<NamedCall>(90_000, 30_000);
  for (const call of calls) line.joined(call, 0);
  line.planned([1_000], 0);
  return line;
}

const of = (count: number, facts: Parameters<typeof waitingCall>[0] = {}): NamedCall[] =>
  Array.from({ length: count }, () => waitingCall(facts));
const aheadOf = (line: Line<NamedCall>, facts: Parameters<typeof demandWith>[0], withoutBatch?: boolean) =>
  line.prospect(demandWith(facts), 0, withoutBatch)?.ahead;

describe('who goes first', () => {
  it('are all of the own flow, and of each other one as many as have their turn by then', () => {
    const line = lineOf(...of(2, { tenant: 'a' }), ...of(10, { tenant: 'b' }), ...of(1, { tenant: 'c' }));
    expect(aheadOf(line, { tenant: 'a' })).toBe(2 + 3 + 1);
    expect(aheadOf(line, { tenant: 'b' })).toBe(10 + 2 + 1);
    expect(aheadOf(line, { tenant: 'new' })).toBe(1 + 1 + 1);
  });

  it('depends on the weights of the classes: 16, 8, 4 and 1', () => {
    const line = lineOf(...of(20, { tenant: 'a', priority: DEFAULT }));
    const ahead = (priority: Priority) => aheadOf(line, { tenant: 'b', priority });
    expect([ADMIN, INTERACTIVE, DEFAULT, BATCH].map(ahead)).toEqual([0.25, 0.5, 1, 4]);
    const batch = lineOf(...of(20, { tenant: 'a', priority: BATCH }));
    expect(aheadOf(batch, { tenant: 'b', priority: DEFAULT })).toBe(0.25);
    expect(aheadOf(batch, { tenant: 'a', priority: DEFAULT })).toBe(0.25);
  });

  it('are fewer if no batch call waited', () => {
    const line = lineOf(...of(4, { tenant: 'a' }), ...of(20, { tenant: 'b', priority: BATCH }));
    expect(aheadOf(line, { tenant: 'c' })).toBe(1.25);
    expect(aheadOf(line, { tenant: 'c' }, true)).toBe(1);
    const own = lineOf(...of(5, { tenant: 'a', priority: BATCH }));
    expect(aheadOf(own, { tenant: 'a', priority: BATCH }, true)).toBe(5);
  });

  it('are no longer those who have left', () => {
    const calls = of(3, { tenant: 'a' });
    const line = lineOf(...calls);
    expect(aheadOf(line, { tenant: 'a' })).toBe(3);
    line.left(calls[0]!, false, 0);
    line.left(calls[0]!, false, 0);
    expect(line.waiting).toBe(2);
    expect(aheadOf(line, { tenant: 'a' })).toBe(2);
    line.left(calls[1]!, false, 0);
    expect(aheadOf(line, { tenant: 'b' })).toBe(1);
    line.left(calls[2]!, false, 0);
    expect(line.waiting).toBe(0);
    expect(line.prospect(demandWith({ tenant: 'b' }), 0)).toBeUndefined();
  });

  it('are all who will be older than a minute and a half before it starts', () => {
    const line = createLine<NamedCall>(90_000, 30_000);
    for (const call of of(50, { tenant: 'a', since: 0 })) line.joined(call, 0);
    for (const call of of(10, { tenant: 'a', since: 60_000 })) line.joined(call, 60_000);
    line.planned([1_000], 0);
    const ahead = (now: number) => line.prospect(demandWith({ tenant: 'b' }), now)!.ahead;
    // The first 50 are old at 90,000, and the next ten 60 s later.
    line.forget(60_000);
    line.planned([61_000], 60_000);
    expect(ahead(60_000)).toBe(1);
    line.forget(88_500);
    line.planned([89_500], 88_500);
    expect(ahead(88_500)).toBe(50);
    line.forget(100_000);
    line.planned([101_000], 100_000);
    expect(ahead(100_000)).toBe(60);
  });
});

describe('the pace', () => {
  it('is what a plan says, as far as it looks ahead', () => {
    const pace = (startsAt: readonly number[], now = 0) => {
      const line = createLine<NamedCall>(90_000, 30_000);
      line.joined(waitingCall(), now);
      line.planned(startsAt, now);
      return line.prospect(demandWith(), now)?.perMs;
    };
    expect(pace([1_000, 2_000, 3_000])).toBeCloseTo(1 / 1_000, 9);
    expect(pace([1_000, 2_000, 2_000, 2_000])).toBeCloseTo(1 / 1_000, 9);
    expect(pace([7_000], 5_000)).toBeCloseTo(1 / 2_000, 9);
    expect(pace([5_000], 5_000)).toBeUndefined();
    expect(pace([])).toBeUndefined();
  });

  it('tells how long a call would wait that comes now', () => {
    const line = lineOf(...of(4));
    expect(line.prospect(demandWith(), 0)).toEqual({ ahead: 4, perMs: 1 / 1_000, waitMs: 5_000, isMeasured: false });
    expect(line.perMs(0)).toBe(1 / 1_000);
    expect(createLine(90_000, 30_000).perMs(0)).toBe(0);
  });

  it('is measured by those who start, by how long they have waited', () => {
    const calls = of(3);
    const line = lineOf(...calls);
    line.forget(0);
    line.left(calls[0]!, true, 10_000);
    line.left(calls[1]!, false, 10_000);
    expect(line.prospect(demandWith(), 10_000)).toMatchObject({ isMeasured: true, ahead: 1 });
    expect(line.perMs(10_000)).toBeCloseTo(1 / (60_000 * (1 - Math.exp(-1 / 6))), 9);
    line.left(calls[2]!, false, 10_000);
    // Nobody waits: time passes without saying anything.
    expect(line.perMs(50_000)).toBe(line.perMs(10_000));
  });
});

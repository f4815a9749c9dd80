import { ClusterError, Priority } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { decisionOf, demandOf, optionOf } from './decisions.fixture.ts';
import { createRequestBook } from './request-book.ts';
import { callOf, contextOf, pass, type Traffic } from './traffic.fixture.ts';
import { createWhyBook } from './why-book.ts';

function startBook(capacity?: number) {
  const clock = virtualClock();
  const why = createWhyBook({ clock, expectedOutput: () => 42, ...(capacity !== undefined && { capacity }) });
  const { watch } = createRequestBook({ clock, onStart: why.arrived });
  return { clock, why, watch, pass: (traffic: Traffic = {}) => pass(watch, clock, traffic) };
}

const a = optionOf('a', { decodeMs: 900 });
const b = optionOf('b', { loadMs: 2_000, decodeMs: 500 }, { numCtx: 8_192, evict: ['old:latest'], startable: false });

describe('a request', () => {
  it('is told with what was weighed for it, cheapest first, and what came of it', async () => {
    const { why, watch, clock } = startBook();
    const watcher = watch(callOf({ model: 'm' }), contextOf({ id: 'r7' }));
    await clock.advance(30);
    const demand = demandOf({ promptTokens: 12.4, numCtx: 4_096, priority: Priority.BATCH });
    const exclusions = [{ node: 'c', reason: 'it is cordoned' }];
    why.decided(decisionOf([b, a], { requestId: 'r7', decidedAt: 30, option: a, demand, exclusions, reason: 'fast' }));
    expect(why.explain('r7')).toMatchObject({
      record: { id: 'r7', model: 'm', state: 'queued' },
      demand: { promptTokens: 12.4, expectedOutputTokens: 42, numCtx: 4_096, priority: Priority.BATCH },
      choices: [{ attempt: 1, node: 'a', policy: 'cost', reason: 'fast', afterMs: 30, exclusions }],
    });
    const kept = ['node', 'kind', 'parts', 'totalMs', 'numCtx', 'evict', 'cachedTokens', 'startable'] as const;
    const told = why.explain('r7')!.choices[0]!.options;
    expect(told).toEqual([a, b].map((option) => Object.fromEntries(kept.map((name) => [name, option[name]]))));
    watcher.end(new ClusterError('upstream_error', 'told'));
    expect(why.explain('r7')?.record).toMatchObject({ state: 'error', error: 'upstream_error' });
  });

  it('is told with each of its attempts', async () => {
    const { why, watch } = startBook();
    watch(callOf({}), contextOf({}));
    why.decided(decisionOf([a, b]));
    why.decided(decisionOf([b], { attempt: 2 }));
    expect(why.explain('r1')?.choices.map(({ attempt, node }) => [attempt, node])).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
  });

  it('that met full nodes a hundred times is told with its last choices', () => {
    const { why, watch } = startBook();
    watch(callOf({}), contextOf({}));
    for (let i = 0; i < 100; i++) why.decided(decisionOf([a], { decidedAt: i }));
    const times = why.explain('r1')!.choices.map(({ afterMs }) => afterMs);
    expect([times.length, times.at(-1)]).toEqual([8, 99]);
  });

  it('of a thousand nodes is told with the twenty cheapest, the chosen one among them', () => {
    const { why, watch } = startBook();
    watch(callOf({}), contextOf({}));
    const options = Array.from({ length: 1_000 }, (_, i) => optionOf(`n${i}`, { decodeMs: (i * 7_919) % 1_000 }));
    const worst = options.toSorted((x, y) => y.totalMs - x.totalMs)[0]!;
    const exclusions = Array.from({ length: 50 }, (_, i) => ({ node: `x${i}`, reason: 'full' }));
    why.decided(decisionOf(options, { option: worst, exclusions }));
    const [choice] = why.explain('r1')!.choices;
    expect(choice!.options.map(({ totalMs }) => totalMs)).toEqual([...Array.from({ length: 19 }, (_, i) => i), 999]);
    expect(choice!.options.at(-1)?.node).toBe(worst.node);
    expect(choice!.exclusions).toHaveLength(20);
  });

  it('that nobody has seen come is not kept, and not mixed up with one of another key', () => {
    const { why, watch } = startBook();
    why.decided(decisionOf([a]));
    expect(why.explain('r1')).toBeUndefined();
    watch(callOf({}), contextOf({}));
    why.decided(decisionOf([a], { demand: demandOf({ tenant: 'somebody else' }) }));
    expect(why.explain('r1')).toMatchObject({ demand: undefined, choices: [] });
  });
});

describe('the book', () => {
  it('keeps the last requests, and of one id the newest', async () => {
    const { why, pass } = startBook(3);
    for (const id of ['r1', 'same', 'r2', 'same', 'r3']) await pass({ id, node: id });
    expect(['r1', 'r2', 'r3'].map((id) => why.explain(id)?.record.node)).toEqual([undefined, 'r2', 'r3']);
    await pass({ id: 'r4' });
    expect(why.explain('same')).toBeDefined();
    await pass({ id: 'r5' });
    expect(why.explain('same')).toBeUndefined();
  });

  it('lists what came within a window, in order, and since when it has them all', async () => {
    const { why, pass, clock } = startBook(3);
    for (const id of ['r1', 'r2']) {
      await pass({ id });
      await clock.advance(1_000);
    }
    const told = (windowMs: number) => {
      const { from, requests } = why.since(windowMs);
      return { from, ids: requests.map(({ record }) => record.id) };
    };
    expect(told(60_000)).toEqual({ from: -58_000, ids: ['r1', 'r2'] });
    expect(told(1_500)).toEqual({ from: 500, ids: ['r2'] });
    for (const id of ['r3', 'r4']) {
      await pass({ id });
      await clock.advance(1_000);
    }
    expect(told(60_000)).toEqual({ from: 1_000, ids: ['r2', 'r3', 'r4'] });
    expect(told(500)).toEqual({ from: 3_500, ids: [] });
  });

  it('is not slow: a decision among 8 nodes takes microseconds', () => {
    const { why, watch } = startBook(1_000);
    const options = Array.from({ length: 8 }, (_, i) => optionOf(`n${i}`, { decodeMs: 0.1 + i, waitMs: 0.7 }));
    const decisions = Array.from({ length: 1_000 }, (_, i) => decisionOf(options, { requestId: `r${i}` }));
    for (const { requestId } of decisions) watch(callOf({}), contextOf({ id: requestId }));
    const startedAt = performance.now();
    for (let round = 0; round < 20; round++) decisions.forEach(why.decided);
    const each = ((performance.now() - startedAt) * 1_000) / (20 * decisions.length);
    // The promise is 5 us; machines that others share may be slow.
    expect(each).toBeLessThan(25);
  });
});

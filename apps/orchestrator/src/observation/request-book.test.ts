import { progress } from '@tutti/core';
import { seededRandom, virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { figuresOf, sharesByModel, sharesByNode, stagesOf } from './figures.ts';
import { createRequestBook, windowFrom } from './request-book.ts';
import { callOf, chosen, contextOf, pass } from './traffic.fixture.ts';

function startBook(capacity?: number) {
  const clock = virtualClock();
  const book = createRequestBook({ clock, ...(capacity !== undefined && { capacity }) });
  return { clock, book, pass: (traffic = {}) => pass(book.watch, clock, traffic) };
}

const answer = { usage: { promptTokens: 10, outputTokens: 20 } };

describe('figures', () => {
  it('are those of the traffic that was', async () => {
    const { book, pass } = startBook();
    await pass({ node: 'a', queueMs: 10, firstMs: 20, restMs: 70, done: answer });
    await pass({ node: 'a', queueMs: 30, firstMs: 40, restMs: 230, done: answer });
    await pass({ node: 'b', queueMs: 20, restMs: 180, error: 'upstream_error' });
    await pass({ restMs: 100, error: 'client_closed' });
    expect(book.figures(60_000)).toEqual({
      windowMs: 60_000,
      requests: 4,
      errors: 1,
      errorRate: 0.25,
      requestsPerMinute: 4,
      promptTokens: 20,
      outputTokens: 40,
      tokensPerSecond: 40 / 60,
      avgResponseMs: 175,
      p95ResponseMs: 300,
      avgFirstTokenMs: 50,
      avgQueueMs: 20,
    });
  });

  it('are 0 of no traffic', () => {
    const figures = startBook().book.figures(1_000);
    expect(Object.entries(figures).filter(([, value]) => value !== 0)).toEqual([['windowMs', 1_000]]);
  });

  it('forget what ended before the window', async () => {
    const { book, pass, clock } = startBook();
    await pass();
    await clock.advance(30_000);
    await pass();
    await clock.advance(30_000);
    expect(book.figures(60_000).requests).toBe(1);
    expect(book.figures(60_001).requests).toBe(2);
  });

  it('tell a shorter window once older requests had to be dropped', async () => {
    const { book, pass, clock } = startBook(3);
    for (let i = 0; i < 5; i++) {
      await clock.advance(1_000);
      await pass();
    }
    expect(book.figures(60_000)).toMatchObject({ requests: 3, windowMs: 2_000, requestsPerMinute: 90 });
    expect(book.figures(1_500)).toMatchObject({ requests: 2, windowMs: 1_500 });
  });

  it('reach back an hour at most', async () => {
    const { book } = startBook();
    expect(book.figures(1e9).windowMs).toBe(3_600_000);
  });

  it('by model put the most used one first, by node go by name and leave out what reached none', async () => {
    const { book, pass } = startBook();
    await pass({ model: 'x', node: 'b', restMs: 100, done: { usage: { outputTokens: 5 }, timings: { outputMs: 50 } } });
    await pass({ model: 'y', node: 'a', restMs: 300 });
    await pass({ model: 'y', node: 'b', restMs: 100, error: 'bad_upstream' });
    await pass({ model: 'y', error: 'model_not_found' });
    const { ended } = book.over(60_000);
    expect(sharesByModel(ended)).toEqual([
      { name: 'y', requests: 3, errors: 2, avgResponseMs: 400 / 3, p95ResponseMs: 300, tokensPerSecond: 0 },
      { name: 'x', requests: 1, errors: 0, avgResponseMs: 100, p95ResponseMs: 100, tokensPerSecond: 100 },
    ]);
    expect(sharesByNode(ended).map(({ name, requests, errors }) => ({ name, requests, errors }))).toEqual([
      { name: 'a', requests: 1, errors: 0 },
      { name: 'b', requests: 2, errors: 1 },
    ]);
  });

  it('by model are of the 200 most used ones', async () => {
    const { book, pass } = startBook();
    for (let i = 0; i < 300; i++) await pass({ model: `made-up-${i}`, error: 'model_not_found' });
    expect(sharesByModel(book.over(60_000).ended)).toHaveLength(200);
  });

  it('have exact percentiles', async () => {
    const random = seededRandom(7);
    const { book, pass } = startBook();
    const times = Array.from({ length: 250 }, () => Math.floor(random() * 1_000));
    for (const restMs of times) await pass({ node: 'a', restMs });
    const sorted = times.toSorted((a, b) => a - b);
    const atLeast = (part: number) =>
      sorted.find((time) => sorted.filter((other) => other <= time).length >= part * 250);
    const response = stagesOf(book.over(3_600_000).ended).find(({ stage }) => stage === 'response');
    expect(response).toMatchObject({
      count: 250,
      p50Ms: atLeast(0.5),
      p95Ms: atLeast(0.95),
      p99Ms: atLeast(0.99),
      maxMs: sorted.at(-1),
    });
  });

  it('agree with each other over random traffic', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const { book, pass } = startBook();
      for (let i = 0; i < 40; i++) {
        const error = random() < 0.3 ? ('upstream_error' as const) : undefined;
        await pass({
          model: `m${Math.floor(random() * 3)}`,
          node: `n${Math.floor(random() * 2)}`,
          restMs: random() * 100,
          ...(error && { error }),
        });
      }
      const window = book.over(3_600_000);
      const whole = figuresOf(window);
      for (const shares of [sharesByModel(window.ended), sharesByNode(window.ended)]) {
        const total = (of: 'requests' | 'errors') => shares.reduce((sum, share) => sum + share[of], 0);
        expect([total('requests'), total('errors')], `seed ${seed}`).toEqual([whole.requests, whole.errors]);
      }
    }
  });
});

describe('a request', () => {
  it('is queued, runs, and has ended', async () => {
    const { clock, book } = startBook();
    const watcher = book.watch(callOf({ model: 'm' }), contextOf({ id: 'r7' }));
    const only = () => book.running()[0];
    expect(only()).toMatchObject({ id: 'r7', state: 'queued', principal: 'key1', kind: 'chat', node: '', attempts: 0 });
    await clock.advance(5);
    watcher.see(chosen('a'));
    expect(only()).toMatchObject({ state: 'running', node: 'a', route: 'because a', attempts: 1, queueMs: 5 });
    watcher.end();
    expect(book.running()).toEqual([]);
    expect(book.ended(10)).toMatchObject([{ id: 'r7', state: 'ok', error: undefined }]);
  });

  it('counts only the time without a node as queued, over all attempts', async () => {
    const { clock, book } = startBook();
    const watcher = book.watch(callOf({}), contextOf({}));
    await clock.advance(10);
    watcher.see(chosen('full'));
    await clock.advance(7);
    watcher.see(chosen('broken'));
    await clock.advance(1_000);
    watcher.see(progress({ case: 'retrying', value: { reason: 'upstream_error', attempt: 1 } }));
    expect(book.running()[0]).toMatchObject({ state: 'queued' });
    await clock.advance(20);
    watcher.see(chosen('good', 2));
    watcher.end();
    expect(book.ended(1)).toMatchObject([{ node: 'good', attempts: 2, queueMs: 37 }]);
  });

  it('has its tokens and a load only if there was one', async () => {
    const { book, pass } = startBook();
    await pass({ node: 'a', done: { ...answer, timings: { loadMs: 60 } } });
    await pass({ node: 'a', done: { ...answer, timings: { loadMs: 900 } } });
    expect(book.ended(2)).toMatchObject([
      { loadMs: 900, promptTokens: 10, outputTokens: 20 },
      { loadMs: undefined, promptTokens: 10 },
    ]);
  });

  it('for embeddings has no first token', async () => {
    const { book, pass } = startBook();
    await pass({ kind: 'embed', node: 'a' });
    expect(book.ended(1)).toMatchObject([{ kind: 'embed', firstTokenMs: undefined }]);
  });

  it('does not keep a name of megabytes', async () => {
    const { book, pass } = startBook();
    await pass({ model: 'x'.repeat(1_000_000), error: 'model_not_found' });
    expect(book.ended(1)).toMatchObject([{ model: '(too long)' }]);
  });

  it('that ended is shown newest first, as many as asked for', async () => {
    const { book, pass } = startBook(3);
    for (const id of ['a', 'b', 'c', 'd']) await pass({ id });
    expect(book.ended(2).map(({ id }) => id)).toEqual(['d', 'c']);
    expect(book.ended(9).map(({ id }) => id)).toEqual(['d', 'c', 'b']);
  });
});

describe('the window of a request for figures', () => {
  it('is a minute if none is named', () => {
    expect(windowFrom(undefined)).toBe(60_000);
    expect(windowFrom(3_600_000)).toBe(3_600_000);
  });

  it.each([0, -1, 3_600_001, NaN, Infinity])('is refused if it is %d', (windowMs) => {
    expect(() => windowFrom(windowMs)).toThrowError(expect.objectContaining({ reason: 'invalid_request' }));
  });
});

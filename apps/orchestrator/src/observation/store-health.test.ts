import { ClusterError } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { watchStore } from './store-health.ts';

it('the store that goes away and comes back is told so', async () => {
  const clock = virtualClock();
  let away = false;
  const ping = async () => {
    if (away) throw new ClusterError('storage_unavailable', 'MongoDB does not answer.');
  };
  const watch = watchStore({ store: { kind: 'mongodb', ping }, lines: () => ({ buffered: 3, dropped: 7 }), clock });
  await clock.advance(0);
  expect(watch.read()).toEqual({ kind: 'mongodb', status: 'ok', bufferedLines: 3, droppedLines: 7, error: '' });
  away = true;
  await clock.advance(10_000);
  expect(watch.read()).toMatchObject({ status: 'unavailable', error: 'MongoDB does not answer.' });
  away = false;
  await clock.advance(10_000);
  expect(watch.read()).toMatchObject({ status: 'ok', error: '' });
  await clock.advance(9_999);
  watch.close();
  expect(clock.pending).toBe(0);
});

it('a watch that is closed while it asks does not ask again', async () => {
  const clock = virtualClock();
  const store = { kind: 'sqlite' as const, ping: async () => {} };
  watchStore({ store, lines: () => ({ buffered: 0, dropped: 0 }), clock }).close();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

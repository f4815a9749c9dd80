import { ClusterError } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { Inventory } from '../backend.ts';
import { createStateFeed } from './state-feed.ts';

function rigWith(inventory: () => Promise<Inventory>) {
  const clock = virtualClock();
  const slots = { busy: 0, zombie: 0, waiting: 0 };
  const limits = { total: 4, perRunner: 1 };
  const feed = createStateFeed({
    backend: { inventory },
    slots,
    limits,
    hardware: async () => ({ hostname: 'h' }),
    bootId: 'b',
    clock,
  });
  const stop = new AbortController();
  const states = feed.watch(stop.signal)[Symbol.asyncIterator]();
  const next = async (): Promise<NodeState> => (await states.next()).value as NodeState;
  return { clock, slots, feed, next, stop, states };
}

const withModels = (...names: string[]): Inventory => ({
  backend: { kind: 'ollama' },
  models: names.map((name) => ({ name })),
  runners: [],
});

describe('a watcher', () => {
  it('gets the state at once, then each change', async () => {
    const { feed, next, clock, slots } = rigWith(async () => withModels('m'));
    await feed.refresh();
    expect((await next()).models.map(({ name }) => name)).toEqual(['m']);
    slots.busy = 1;
    feed.touch();
    await clock.advance(200);
    expect((await next()).slots).toMatchObject({ busy: 1, total: 4 });
  });

  it('sees what a call did to the backend one second later', async () => {
    let inventory = withModels('m');
    const { feed, next, clock } = rigWith(async () => inventory);
    await feed.refresh();
    await next();
    inventory = { ...inventory, runners: [{ model: 'm' }] };
    feed.touch();
    await clock.advance(1_000);
    expect((await next()).runners).toHaveLength(1);
  });

  it('that is slow misses what was replaced, and numbers only grow', async () => {
    const { feed, next } = rigWith(async () => withModels());
    await feed.refresh();
    const first = await next();
    await feed.refresh();
    await feed.refresh();
    await feed.refresh();
    expect((await next()).seq).toBe(first.seq + 3);
  });

  it('ends with its signal, also while it waits', async () => {
    const { feed, next, stop, states } = rigWith(async () => withModels());
    await feed.refresh();
    await next();
    const waiting = states.next();
    stop.abort();
    expect((await waiting).done).toBe(true);
  });
});

it('reads again by itself', async () => {
  let reads = 0;
  const { feed, clock } = rigWith(async () => {
    reads += 1;
    return withModels();
  });
  await feed.refresh();
  await clock.advance(15_000);
  expect(reads).toBe(4);
});

it('keeps the last inventory of a backend that fell silent, and says what is wrong', async () => {
  let down = false;
  const { feed, next } = rigWith(async () => {
    if (down) throw new ClusterError('upstream_error', 'It does not take connections.');
    return withModels('m');
  });
  await feed.refresh();
  await next();
  down = true;
  await feed.refresh();
  const state = await next();
  expect(state.models).toHaveLength(1);
  expect(state.backend?.problem).toBe('It does not take connections.');
});

it('says that it drains', async () => {
  const { feed, next } = rigWith(async () => withModels());
  await feed.refresh();
  feed.drain();
  expect((await next()).draining).toBe(true);
});

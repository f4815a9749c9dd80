import { seededRandom, virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { createFairShare } from './fair-share.ts';

function rigWith(places: number) {
  const clock = virtualClock();
  const shares = createFairShare(places, clock);
  const held = new Map<string, number>();
  let free = places;
  const ask = (owner: string): boolean => {
    if (!shares.allows(owner, free)) return false;
    shares.take(owner);
    free -= 1;
    held.set(owner, (held.get(owner) ?? 0) + 1);
    return true;
  };
  const leave = (owner: string): void => {
    shares.give(owner);
    free += 1;
    held.set(owner, held.get(owner)! - 1);
  };
  return { clock, ask, leave, held };
}

describe('an owner', () => {
  it('takes every place as long as nobody else is refused one', () => {
    const { ask } = rigWith(5);
    ask('b');
    expect([1, 2, 3, 4].map(() => ask('a'))).toEqual([true, true, true, true]);
    expect(ask('a')).toBe(false);
  });

  it('gets no more than its part once another one is refused', () => {
    const { ask, leave } = rigWith(4);
    for (let i = 0; i < 4; i++) ask('a');
    expect(ask('b')).toBe(false);
    leave('a');
    expect(ask('a')).toBe(false);
    expect(ask('b')).toBe(true);
    leave('a');
    expect(ask('a')).toBe(false);
    expect(ask('b')).toBe(true);
  });

  it('lets those go first who were refused before it, for half a second', async () => {
    const { ask, leave, clock } = rigWith(1);
    ask('a');
    expect(ask('b')).toBe(false);
    leave('a');
    expect(ask('a')).toBe(false);
    await clock.advance(500);
    expect(ask('a')).toBe(true);
  });

  it('has no part any more ten seconds after it was last seen', async () => {
    const { ask, leave, clock } = rigWith(4);
    for (let i = 0; i < 4; i++) ask('a');
    ask('b');
    await clock.advance(10_000);
    leave('a');
    expect(ask('a')).toBe(true);
  });
});

it('gives each of three that always want more a third, whatever the order of their calls', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const { ask, leave, clock, held } = rigWith(6);
    const served = new Map<string, number>();
    const names = ['a', 'b', 'c'];
    for (let step = 0; step < 3_000; step++) {
      // One asks far more often than the others.
      const name = names[Math.floor(random() ** 2 * 3)]!;
      if (ask(name)) served.set(name, (served.get(name) ?? 0) + 1);
      const busy = names.filter((other) => (held.get(other) ?? 0) > 0);
      if (random() < 0.2 && busy.length > 0) leave(busy[Math.floor(random() * busy.length)]!);
      await clock.advance(10);
    }
    const counts = names.map((name) => served.get(name)!);
    expect(Math.min(...counts) / Math.max(...counts), `seed ${seed}: ${counts.join(' ')}`).toBeGreaterThan(0.7);
  }
}, 60_000);

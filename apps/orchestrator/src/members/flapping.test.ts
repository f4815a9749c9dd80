import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createFlapping } from './flapping.ts';

function startRig() {
  const clock = virtualClock();
  const flapping = createFlapping(clock);
  /** The node is up for so long, falls, and tells how long it must wait; then it waits. */
  const fall = async (upMs: number): Promise<number> => {
    await clock.advance(upMs);
    flapping.fell('n');
    const waitMs = flapping.waitMs('n');
    await clock.advance(waitMs);
    return waitMs;
  };
  return { clock, flapping, fall };
}

it('a node may fall twice within a minute; from the third time it waits twice as long each time, up to five minutes', async () => {
  const { fall } = startRig();
  const waits: number[] = [];
  for (let time = 0; time < 9; time++) waits.push(await fall(5_000));
  expect(waits).toEqual([0, 0, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
});

it('a node that falls now and then never waits', async () => {
  const { fall } = startRig();
  for (let time = 0; time < 20; time++) expect(await fall(31_000)).toBe(0);
});

it('each minute that it stays takes one doubling back', async () => {
  const { fall } = startRig();
  for (let time = 0; time < 5; time++) await fall(1_000);
  expect(await fall(60_000)).toBe(40_000);
  expect(await fall(120_000)).toBe(20_000);
  expect(await fall(600_000)).toBe(0);
});

it('it waits for what is left, and nobody else does', async () => {
  const { clock, flapping } = startRig();
  for (let time = 0; time < 3; time++) flapping.fell('n');
  await clock.advance(4_000);
  expect([flapping.waitMs('n'), flapping.waitMs('other')]).toEqual([6_000, 0]);
  expect([flapping.falls('n'), flapping.falls('other')]).toEqual([3, 0]);
  await clock.advance(60_000);
  expect([flapping.waitMs('n'), flapping.falls('n')]).toEqual([0, 0]);
});

it('in five minutes of coming and going each 5 s, routes change less than once in 5 s', async () => {
  const { clock, flapping } = startRig();
  let isIn = true;
  let changes = 0;
  const set = (next: boolean): void => {
    if (isIn !== next) changes += 1;
    isIn = next;
  };
  for (let second = 0; second < 300; second += 5) {
    await clock.advance(5_000);
    if (isIn) flapping.fell('n');
    set(false);
    if (flapping.waitMs('n') === 0) set(true);
  }
  expect(changes).toBeGreaterThan(5);
  expect(changes).toBeLessThan(300 / 5);
});

import { expect, it } from 'vitest';
import { seededRandom } from './seeded-random.ts';
import { createTimeline } from './timeline.ts';

it('runs events in the order of time, and of setting where times are equal', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const time = createTimeline();
    const ran: [number, number][] = [];
    const cancelled = new Set<number>();
    for (let id = 0; id < 200; id++) {
      const delayMs = Math.floor(random() * 20);
      const cancel = time.after(delayMs, () => ran.push([time.now(), id]));
      if (random() < 0.2) {
        cancel();
        cancel();
        cancelled.add(id);
      }
    }
    expect(time.pending, `seed ${seed}`).toBe(200 - cancelled.size);
    await time.run(Infinity);
    expect(ran, `seed ${seed}`).toEqual(ran.toSorted(([a, x], [b, y]) => a - b || x - y));
    expect(ran.length, `seed ${seed}`).toBe(200 - cancelled.size);
    expect(
      ran.some(([, id]) => cancelled.has(id)),
      `seed ${seed}`,
    ).toBe(false);
  }
});

it('stops where it was told to, with what is due then', async () => {
  const time = createTimeline();
  const ran: number[] = [];
  for (const delayMs of [10, 20, 30]) time.after(delayMs, () => ran.push(delayMs));
  await time.run(20);
  expect([ran, time.now(), time.pending]).toEqual([[10, 20], 20, 1]);
  await time.run(25);
  expect(time.now()).toBe(25);
  await time.run(Infinity);
  expect([ran, time.now()]).toEqual([[10, 20, 30], 30]);
});

it('lets promises run on before the next event', async () => {
  const time = createTimeline();
  const seen: string[] = [];
  const sleep = (delayMs: number): Promise<void> => new Promise((resolve) => void time.after(delayMs, resolve));
  time.after(10, () => {
    void (async () => {
      for (let step = 0; step < 5; step++) await Promise.resolve();
      await sleep(2);
      seen.push(`woken at ${time.now()}`);
    })();
  });
  time.after(20, () => seen.push('next'));
  await time.run(Infinity);
  expect(seen).toEqual(['woken at 12', 'next']);
});

it('is as many hours ahead as it has run', async () => {
  const time = createTimeline();
  const startMs = time.wallTime();
  await time.run(3_600_000);
  expect(time.wallTime() - startMs).toBe(3_600_000);
});

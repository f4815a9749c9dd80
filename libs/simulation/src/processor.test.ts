import { expect, it } from 'vitest';
import { createProcessor, type Processor } from './processor.ts';
import { createTimeline, type Timeline } from './timeline.ts';

function world(
  slowBySame = 0.5,
  slowByOthers = 1,
): { time: Timeline; processor: Processor; ends: Record<string, number> } {
  const time = createTimeline();
  return { time, processor: createProcessor({ clock: time, slowBySame, slowByOthers }), ends: {} };
}

it('does a task alone at its own speed', async () => {
  const { time, processor } = world();
  let endedMs = 0;
  const work = processor.start({ amount: 30, speed: 10, group: {}, done: () => (endedMs = time.now()) });
  await time.run(1000);
  expect(work.progress).toBe(10);
  await time.run(Infinity);
  expect([endedMs, work.progress]).toEqual([3000, 30]);
});

it('slows tasks of one group a little, those of others more, and others not at all', async () => {
  const { time, processor, ends } = world();
  const [mine, other] = [{}, {}];
  const start = (name: string, group?: object): void => {
    processor.start({ amount: 10, speed: 10, done: () => (ends[name] = time.now()), ...(group && { group }) });
  };
  start('a', mine);
  start('b', mine);
  start('c', other);
  start('load');
  await time.run(Infinity);
  // a, b: 1 + 0.5 + 1 = 2.5 times; c: 1 + 2 = 3 times, alone again after 2500 ms of it.
  expect(ends).toEqual({ load: 1000, a: 2500, b: 2500, c: 2500 + (10 - 2500 / 300) * 100 });
});

it('takes up speed when a neighbour leaves', async () => {
  const { time, processor, ends } = world();
  const group = {};
  const neighbour = processor.start({ amount: 100, speed: 10, group, done: () => (ends['neighbour'] = time.now()) });
  processor.start({ amount: 10, speed: 10, group, done: () => (ends['mine'] = time.now()) });
  await time.run(750);
  neighbour.stop();
  await time.run(Infinity);
  expect(ends).toEqual({ mine: 1250 });
  expect(neighbour.progress).toBe(5);
});

it('can be slow, and hang', async () => {
  const { time, processor, ends } = world();
  processor.start({ amount: 10, speed: 10, done: () => (ends['task'] = time.now()) });
  await time.run(500);
  processor.slow(10);
  await time.run(1500);
  processor.hang(true);
  expect(time.pending).toBe(0);
  await time.run(9500);
  processor.hang(false);
  processor.slow(1);
  await time.run(Infinity);
  expect(ends).toEqual({ task: 9900 });
});

it('lets a task end another that is due with it', async () => {
  const { time, processor, ends } = world();
  processor.start({ amount: 1, speed: 1, done: () => second.stop() });
  const second = processor.start({ amount: 1, speed: 1, done: () => (ends['second'] = time.now()) });
  await time.run(Infinity);
  expect([ends, time.pending]).toEqual([{}, 0]);
});

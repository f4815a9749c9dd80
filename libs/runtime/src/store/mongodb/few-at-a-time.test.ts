import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { fewAtATime } from './few-at-a-time.ts';

/** Work that ends when it is told to. */
function rig(most: number) {
  const clock = virtualClock();
  const limited = fewAtATime({ most, longestWaitMs: 1_000, clock });
  const begun: PromiseWithResolvers<number>[] = [];
  const start = (): Promise<number> =>
    limited(() => {
      const work = Promise.withResolvers<number>();
      begun.push(work);
      return work.promise;
    });
  return { clock, begun, start };
}

it('lets so many work, and the others in order, whether work ends well or not', async () => {
  const { clock, begun, start } = rig(2);
  const all = Promise.allSettled([start(), start(), start(), start(), start()]);
  await clock.advance(0);
  expect(begun).toHaveLength(2);
  begun[0]!.reject(new Error('it broke'));
  await clock.advance(0);
  expect(begun).toHaveLength(3);
  for (let index = 1; index < 5; index++) {
    begun[index]!.resolve(index);
    await clock.advance(0);
  }
  expect((await all).map((end) => (end.status === 'fulfilled' ? end.value : 'broke'))).toEqual(['broke', 1, 2, 3, 4]);
  const again = start();
  await clock.advance(0);
  expect(begun).toHaveLength(6);
  begun[5]!.resolve(5);
  expect(await again).toBe(5);
});

it('does not begin what has waited for too long, and lets those behind it in', async () => {
  const { clock, begun, start } = rig(1);
  const first = start();
  const late = expect(start()).rejects.toMatchObject({ reason: 'storage_unavailable' });
  await clock.advance(1_001);
  const soon = start();
  begun[0]!.resolve(0);
  await late;
  await clock.advance(0);
  expect(begun).toHaveLength(2);
  begun[1]!.resolve(1);
  expect(await Promise.all([first, soon])).toEqual([0, 1]);
});

import { expect, it } from 'vitest';
import { oneByOne } from './one-by-one.ts';

it('gives what a batch has before it breaks, and then closes where that came from', async () => {
  let closed = false;
  const breaking = function* () {
    yield 1;
    throw new Error('broken');
  };
  const batches = async function* () {
    try {
      yield [];
      yield breaking();
      yield [9];
    } finally {
      closed = true;
    }
  };
  const stream = oneByOne(batches());
  expect(await stream.next()).toEqual({ done: false, value: 1 });
  expect(stream.ready?.()).toBeUndefined();
  await expect(stream.next()).rejects.toThrow('broken');
  expect(closed).toBe(true);
  expect(await stream.next()).toMatchObject({ done: true });
});

it('gives nothing any more once its reader has left', async () => {
  const batches = async function* () {
    yield [1, 2];
  };
  const stream = oneByOne(batches());
  await stream.next();
  await stream.return?.();
  expect(stream.ready?.()).toBeUndefined();
  expect(await stream.next()).toMatchObject({ done: true });
});

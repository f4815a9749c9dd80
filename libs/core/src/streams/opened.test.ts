import { expect, it } from 'vitest';
import { oneByOne } from './one-by-one.ts';
import { opened } from './opened.ts';

async function* numbers(told: string[], ...batches: number[][]) {
  try {
    yield* batches;
  } finally {
    told.push('closed');
  }
}

it('goes on with what its opening returns, and has ready what that has', async () => {
  const told: string[] = [];
  const stream = opened(
    (async function* () {
      yield 1;
      return oneByOne(numbers(told, [2, 3]));
    })(),
  );
  expect(await stream.next()).toEqual({ done: false, value: 1 });
  expect(stream.ready?.()).toBeUndefined();
  expect(await stream.next()).toEqual({ done: false, value: 2 });
  expect(stream.ready?.()).toEqual({ done: false, value: 3 });
  expect(await stream.next()).toMatchObject({ done: true });
});

it('may be over with its opening, or fail there', async () => {
  const short = async function* () {
    yield 1;
    return undefined;
  };
  expect(await Array.fromAsync(opened(short()))).toEqual([1]);
  const failing = async function* (): AsyncGenerator<number, undefined> {
    throw new Error('broken');
  };
  await expect(Array.fromAsync(opened(failing()))).rejects.toThrow('broken');
});

it('ends the opening that its reader leaves in the middle', async () => {
  const told: string[] = [];
  const opening = async function* () {
    try {
      yield 1;
      yield 2;
    } finally {
      told.push('opening ended');
    }
    return undefined;
  };
  for await (const _ of opened(opening())) break;
  expect(told).toEqual(['opening ended']);
});

it('closes the rest that is on its way when its reader leaves', async () => {
  const told: string[] = [];
  const { promise: permit, resolve } = Promise.withResolvers<void>();
  const opening = async function* (): AsyncGenerator<number, AsyncIterable<number>> {
    await permit;
    return oneByOne(numbers(told, [1], [2]));
  };
  const stream = opened(opening());
  const first = stream.next();
  const left = stream.return?.();
  resolve();
  expect(await first).toEqual({ done: false, value: 1 });
  await left;
  expect(told).toEqual(['closed']);
  expect(await stream.next()).toMatchObject({ done: true });
});

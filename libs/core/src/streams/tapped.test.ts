import { expect, it } from 'vitest';
import { oneByOne } from './one-by-one.ts';
import { streamOf } from './stream.ts';
import { tapped, type Tap } from './tapped.ts';

/** Numbers in batches, and what became of them. */
async function* batches(told: string[], failure?: Error) {
  try {
    yield [1, 2];
    yield [3];
    if (failure) throw failure;
  } finally {
    told.push('closed');
  }
}

function setUp(changes: Partial<Tap<number>> = {}, failure?: Error) {
  const told: string[] = [];
  const stream = tapped<number>(() => {
    told.push('begun');
    return {
      items: oneByOne(batches(told, failure)),
      see: (item) => void told.push(`saw ${item}`),
      end: (thrown) => void told.push(thrown === undefined ? 'ended' : `failed: ${(thrown as Error).message}`),
      leave: () => void told.push('left'),
      ...changes,
    };
  });
  return { told, stream };
}

it('shows what passes, and the end, once', async () => {
  const { told, stream } = setUp();
  expect(told).toEqual([]);
  expect(await Array.fromAsync(stream)).toEqual([1, 2, 3]);
  expect(told).toEqual(['begun', 'saw 1', 'saw 2', 'saw 3', 'closed', 'ended']);
  expect(await stream.next()).toMatchObject({ done: true });
  await stream.return?.();
  expect(told).toHaveLength(6);
});

it('has what came together ready, and shows it as well', async () => {
  const { told, stream } = setUp();
  expect(stream.ready?.()).toBeUndefined();
  await stream.next();
  expect(stream.ready?.()).toEqual({ done: false, value: 2 });
  expect(stream.ready?.()).toBeUndefined();
  expect(told).toEqual(['begun', 'saw 1', 'saw 2']);
});

it('closes what a reader leaves, and then tells of it', async () => {
  const { told, stream } = setUp();
  for await (const item of stream) if (item === 2) break;
  expect(told).toEqual(['begun', 'saw 1', 'saw 2', 'closed', 'left']);
  expect(stream.ready?.()).toBeUndefined();
});

it('fails as its items do, or as it is told to', async () => {
  const broken = setUp({}, new Error('broken'));
  await expect(Array.fromAsync(broken.stream)).rejects.toThrow('broken');
  expect(broken.told.at(-1)).toBe('failed: broken');
  const other = () => {
    throw new Error('other');
  };
  await expect(Array.fromAsync(setUp({ end: other }, new Error('broken')).stream)).rejects.toThrow('other');
});

it('tells when nothing is ready and its reader waits', async () => {
  let waits = 0;
  const { stream } = setUp({ wait: () => void (waits += 1) });
  const items = streamOf(stream);
  for (let next = await items.next(); !next.done; next = items.ready?.() ?? (await items.next()));
  expect(waits).toBe(3);
});

import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { inTurns } from './in-turns.ts';

async function* range(count: number) {
  for (let index = 0; index < count; index++) yield index;
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('inTurns', () => {
  it('makes one batch of what comes in one turn', async () => {
    async function* source() {
      yield* range(3);
      await turn();
      await turn();
      yield 3;
      await turn();
      await turn();
      yield* [4, 5];
    }
    expect(await all(inTurns(source()))).toEqual([[0, 1, 2], [3], [4, 5]]);
  });

  it('gives out what there is while the source waits', async () => {
    const more = Promise.withResolvers<void>();
    async function* source() {
      yield 1;
      await more.promise;
      yield 2;
    }
    const batches = inTurns(source());
    expect(await batches.next()).toMatchObject({ value: [1] });
    more.resolve();
    expect(await batches.next()).toMatchObject({ value: [2] });
    expect(await batches.next()).toMatchObject({ done: true });
  });

  it('bounds a batch', async () => {
    const batches = await all(inTurns(range(600)));
    expect(batches.map(({ length }) => length)).toEqual([256, 256, 88]);
    expect(batches.flat()).toEqual(await all(range(600)));
    expect((await all(inTurns(range(5), 2))).map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  it('gives nothing for nothing', async () => {
    expect(await all(inTurns(range(0)))).toEqual([]);
  });

  it('gives out what came before an error', async () => {
    async function* source() {
      yield* range(300);
      throw new Error('broke off');
    }
    const seen: number[] = [];
    const reading = async (): Promise<void> => {
      for await (const batch of inTurns(source())) seen.push(...batch);
    };
    await expect(reading()).rejects.toThrow('broke off');
    expect(seen).toEqual(await all(range(300)));
  });

  it('reads on by one batch while its reader is busy', async () => {
    let taken = 0;
    async function* source() {
      for (;;) {
        taken++;
        yield taken;
      }
    }
    const batches = inTurns(source(), 10);
    await batches.next();
    for (let turns = 0; turns < 50; turns++) await turn();
    expect(taken).toBeLessThanOrEqual(21);
    await batches.return();
  });

  it('ends the source when its reader leaves', async () => {
    for (const max of [1, 3, 256]) {
      let ended = false;
      async function* source() {
        try {
          for (;;) {
            yield 1;
            await turn();
          }
        } finally {
          ended = true;
        }
      }
      for await (const _ of inTurns(source(), max)) break;
      expect(ended).toBe(true);
    }
  });

  it('gives every item once, in order, however the two sides take their time', async () => {
    for (let seed = 1; seed <= 200; seed++) {
      const chance = random(seed);
      const pause = async (): Promise<void> => {
        if (chance() < 0.3) await turn();
      };
      async function* source() {
        for (let index = 0; index < 60; index++) {
          await pause();
          yield index;
        }
      }
      const seen: number[] = [];
      for await (const batch of inTurns(source(), 1 + Math.floor(chance() * 8))) {
        seen.push(...batch);
        await pause();
      }
      expect(seen, `seed ${seed}`).toEqual(await all(range(60)));
    }
  });
});

/** A small linear congruential generator. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

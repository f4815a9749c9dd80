import { describe, expect, it } from 'vitest';
import { tee } from './tee.ts';

/** Numbers, and how many of them have been asked for. */
function counting(limit: number) {
  const state = { given: 0 };
  async function* numbers(): AsyncIterable<number> {
    while (state.given < limit) yield state.given++;
  }
  return { state, numbers: numbers() };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
};

describe('tee', () => {
  it('gives every reader everything', async () => {
    const { numbers } = counting(100);
    const got = await Promise.all(tee(numbers, 3).map((reader) => Array.fromAsync(reader)));
    const all = Array.from({ length: 100 }, (_, index) => index);
    expect(got).toEqual([all, all, all]);
  });

  it('goes as fast as the slowest', async () => {
    const { state, numbers } = counting(100);
    const [quick, slow] = tee(numbers, 2);
    const taken = Array.fromAsync(quick!);
    const reader = slow![Symbol.asyncIterator]();
    await reader.next();
    await turns();
    expect(state.given).toBeLessThan(4);
    while (!(await reader.next()).done);
    expect(await taken).toHaveLength(100);
  });

  it('does not wait for who has left, and stops when all have', async () => {
    const { state, numbers } = counting(100);
    const [stays, leaves] = tee(numbers, 2);
    const taken = Array.fromAsync(stays!);
    for await (const _ of leaves!) break;
    expect(await taken).toHaveLength(100);
    const other = counting(100);
    for await (const _ of tee(other.numbers, 1)[0]!) break;
    await turns();
    expect(other.state.given).toBeLessThan(4);
    expect(state.given).toBe(100);
  });

  it('fails for every reader when the source does', async () => {
    const failing = (async function* () {
      yield 1;
      throw new Error('the client is gone');
    })();
    const outcomes = await Promise.allSettled(tee(failing, 2).map((reader) => Array.fromAsync(reader)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

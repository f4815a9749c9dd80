import { expect, it } from 'vitest';
import { seededRandom } from '@tutti/testing';
import { linesOf } from './lines.ts';

async function* pieces(bytes: Uint8Array, cuts: readonly number[]): AsyncIterable<Uint8Array> {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

it('gives the same lines however the bytes are cut, characters included', async () => {
  const lines = ['{"text":"héllo 👋🏽"}', '{"n":1}', '', '漢字', 'the last, without an end'];
  const bytes = Buffer.from(lines.join('\n'));
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const cuts = Array.from({ length: 6 }, () => Math.floor(random() * bytes.length)).toSorted((a, b) => a - b);
    const found = (await Array.fromAsync(linesOf(pieces(bytes, cuts)))).flat();
    expect(found, `seed ${seed}`).toEqual(lines.filter((line) => line !== ''));
  }
});

it('leaves out empty lines, also those that end as on Windows', async () => {
  expect((await Array.fromAsync(linesOf(pieces(Buffer.from('a\n\r\n\nb\n'), [])))).flat()).toEqual(['a', 'b']);
});

it('refuses a line of more than 8 MiB before it has read it all', async () => {
  let read = 0;
  async function* endless(): AsyncIterable<Uint8Array> {
    for (;;) {
      read += 1;
      yield Buffer.alloc(2 ** 20, 120);
    }
  }
  await expect(Array.fromAsync(linesOf(endless()))).rejects.toMatchObject({ reason: 'bad_upstream' });
  expect(read).toBe(9);
});

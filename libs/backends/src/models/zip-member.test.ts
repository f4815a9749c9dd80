import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zip } from './zip.fixture.ts';
import { zipMember } from './zip-member.ts';

const stored = randomBytes(70_000);
const packed = Buffer.from('tutti '.repeat(20_000));

describe('zipMember', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tutti-zip-'));
  });

  afterAll(() => rm(folder, { recursive: true }));

  async function archive(bytes: Buffer): Promise<string> {
    const path = join(folder, 'some.whl');
    await writeFile(path, bytes);
    return path;
  }

  const members = [
    { name: 'a/first.txt', data: Buffer.from('one') },
    { name: 'a/stored.bin', data: stored },
    { name: 'a/packed.txt', data: packed, deflated: true },
  ];

  it('reads a stored and a deflated member, also behind a comment', async () => {
    const path = await archive(zip(members, 'a comment'));
    expect((await buffer(await zipMember(path, 'a/stored.bin'))).equals(stored)).toBe(true);
    expect((await buffer(await zipMember(path, 'a/packed.txt'))).equals(packed)).toBe(true);
  });

  it('says which member is missing', async () => {
    await expect(zipMember(await archive(zip(members)), 'stored.bin')).rejects.toThrow(
      'the archive has no "stored.bin"',
    );
  });

  it('fails on what is no archive, or only the beginning of one', async () => {
    await expect(zipMember(await archive(randomBytes(100)), 'a')).rejects.toThrow('the archive is broken');
    await expect(zipMember(await archive(zip(members).subarray(0, 5_000)), 'a')).rejects.toThrow(
      'the archive is broken',
    );
    await expect(zipMember(await archive(Buffer.alloc(0)), 'a')).rejects.toThrow('the archive is broken');
  });

  it('fails on a deflated member that is damaged', async () => {
    const bytes = zip([members[2]!]);
    bytes.fill(0xff, 60, 80);
    const stream = await zipMember(await archive(bytes), 'a/packed.txt');
    await expect(buffer(stream)).rejects.toThrow();
  });
});

import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { virtualClock } from '@tutti/testing';
import { rotatedFile } from './rotated-file.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-log-'));
});

afterEach(() => rm(folder, { recursive: true }));

async function linesOf(name: string): Promise<string[]> {
  return (await readFile(join(folder, name), 'utf8').catch(() => '')).split('\n').filter(Boolean);
}

test('rotation keeps the newest lines, whole and in order, in so many files', async () => {
  const told: string[] = [];
  const path = join(folder, 'server.log');
  const write = rotatedFile({ path, tell: (message) => told.push(message), maxBytes: 2_000, maxFiles: 3 });
  for (let i = 0; i < 500; i++) {
    write(`line ${i}`);
    if (i % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const kept = async () => [
    ...(await linesOf('server2.log')),
    ...(await linesOf('server1.log')),
    ...(await linesOf('server.log')),
  ];
  await expect.poll(async () => (await kept()).at(-1)).toBe('line 499');
  const numbers = (await kept()).map((line) => Number(line.slice(5)));
  expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
  expect(numbers.length).toBeGreaterThan(200);
  expect((await readdir(folder)).length).toBeLessThanOrEqual(3);
  expect((await stat(join(folder, 'server1.log'))).size).toBeLessThan(20_000);
  expect(told).toEqual([]);
});

test('goes on in the file of the run before', async () => {
  const path = join(folder, 'server.log');
  rotatedFile({ path, tell: () => {} })('first');
  await expect.poll(() => linesOf('server.log')).toEqual(['first']);
  rotatedFile({ path, tell: () => {} })('second');
  await expect.poll(() => linesOf('server.log')).toEqual(['first', 'second']);
});

test('a disk that takes nothing costs lines, told once, until it takes them again', async () => {
  const clock = virtualClock();
  const path = join(folder, 'server.log');
  // A folder in the file's place fails as a full disk does, also for root.
  await mkdir(path);
  const told: object[] = [];
  const tell = (message: string, fields: object) => {
    told.push({ message, ...fields });
    write(message);
  };
  const write = rotatedFile({ path, tell, clock });
  for (let i = 0; i < 5_000; i++) write(`lost ${i}`);
  await expect.poll(() => told.length).toBe(1);
  await rm(path, { recursive: true });
  write('too early');
  await clock.advance(10_000);
  await expect.poll(async () => (write('kept'), (await linesOf('server.log')).at(-1))).toBe('kept');
  expect(await linesOf('server.log')).not.toContain('too early');
  expect(told).toHaveLength(2);
  expect(told[1]).toMatchObject({ message: 'the log file is written again' });
  expect((told[1] as { dropped: number }).dropped).toBeGreaterThanOrEqual(5_000);
});

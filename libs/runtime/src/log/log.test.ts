import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ClusterError, type NewLogRecord } from '@tutti/core';
import { createLog, type Log } from './log.ts';

const canary = 'cAnArY0123456789-_cAnArY0123456789-_cAnArY0';
const key = `tutti_ab12cd34_${canary}`;

let printed: string[];
let lines: NewLogRecord[];
let log: Log;

beforeEach(() => {
  printed = [];
  lines = [];
  // winston's console writes here.
  // eslint-disable-next-line no-underscore-dangle
  const stderr = (console as unknown as { _stderr: NodeJS.WriteStream })._stderr;
  vi.spyOn(stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  log = createLog({ service: 'agent', node: 'agx0', level: 'info', sinks: [(line) => lines.push(line)] });
});

afterEach(() => {
  vi.restoreAllMocks();
});

async function written(count: number): Promise<void> {
  await expect.poll(() => lines.length).toBe(count);
}

test('a line is one JSON object on stderr, and a record for the sinks', async () => {
  log.warn('backend', { requestId: 'r1', problem: 'gone', tries: 3 });
  await written(1);
  expect(lines[0]).toEqual({
    time: expect.closeTo(Date.now(), -5),
    level: 'warn',
    service: 'agent',
    node: 'agx0',
    requestId: 'r1',
    message: 'backend',
    fields: { problem: 'gone', tries: 3 },
  });
  expect(printed).toHaveLength(1);
  expect(printed[0]!.endsWith('\n')).toBe(true);
  expect(JSON.parse(printed[0]!)).toEqual({
    time: new Date(lines[0]!.time).toISOString(),
    level: 'warn',
    service: 'agent',
    node: 'agx0',
    requestId: 'r1',
    message: 'backend',
    problem: 'gone',
    tries: 3,
  });
});

test('the level changes at run time, for all that write', async () => {
  log.debug('no');
  log.level = 'debug';
  log.debug('yes');
  log.level = 'error';
  log.warn('no more');
  log.error('end');
  await written(2);
  expect(lines.map(({ message }) => message)).toEqual(['yes', 'end']);
  expect(printed).toHaveLength(2);
});

test('a request id that was bound stands in each line', async () => {
  log.child({ requestId: 'r2' }).info('bound');
  await written(1);
  expect(lines[0]).toMatchObject({ requestId: 'r2', message: 'bound', fields: {} });
});

test('a percent sign in a message costs no field', async () => {
  log.info('80%d of 100%s', { requestId: 'r3', n: 1 });
  await written(1);
  expect(lines[0]).toMatchObject({ requestId: 'r3', message: '80%d of 100%s', fields: { n: 1 } });
});

test('no field hides what the line says', async () => {
  log.info('true', { node: 'other', service: 'other', time: 'other' });
  await written(1);
  expect(JSON.parse(printed[0]!)).toMatchObject({ node: 'agx0', service: 'agent', message: 'true' });
});

test('an error is its stack and its causes', async () => {
  log.error('failed', { error: new Error('outer', { cause: new TypeError('inner') }) });
  log.error('thrown', new Error('bare'));
  await written(2);
  expect(lines[0]!.fields['error']).toMatch(/outer[\s\S]*at [\s\S]*inner/);
  expect(JSON.stringify(lines[1]!.fields)).toContain('bare');
});

test('an error that was foreseen is its sentence and that of its cause', async () => {
  const cause = new Error('no such command');
  log.warn('not stored', { error: new ClusterError('storage_unavailable', 'MongoDB cannot do this now.', { cause }) });
  await written(1);
  expect(lines[0]!.fields).toEqual({ error: 'MongoDB cannot do this now. (no such command)' });
});

test('no secret gets through: message, fields, names, stacks, causes, objects', async () => {
  const uri = `mongodb://me:${canary}@db.local/x`;
  log.error(`refused ${key}`, {
    [key]: 1,
    text: uri,
    error: new Error(`outer ${key}`, { cause: new Error(uri) }),
    headers: { authorization: canary, 'x-api-key': canary, cookie: [canary] },
    deep: [{ list: new Map([['a', { password: canary }]]) }],
    url: new URL(`http://me:${canary}@127.0.0.1/`),
  });
  log.error(new Error(key) as unknown as string);
  await written(2);
  expect(printed.join('')).not.toContain(canary);
  expect(JSON.stringify(lines)).not.toContain(canary);
});

test('nothing that a terminal obeys gets through', async () => {
  const evil = 'a\r\n{"level":"info"}\u001b[2J\u009b31m\u202edesrever\u2066\u2028\u200b\u007f';
  log.info(evil, { [evil]: evil });
  await written(1);
  // eslint-disable-next-line no-control-regex
  expect(printed[0]!.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2066]/);
  expect(JSON.parse(printed[0]!)).toMatchObject({ message: evil });
});

test('whatever is logged, a line comes out, and no endless one', async () => {
  const circle: Record<string, unknown> = {};
  circle['circle'] = circle;
  const hostile = {
    get trap(): never {
      throw new Error('trap');
    },
  };
  log.info('x'.repeat(1_000_000), { circle, big: 10n, f: () => 1, nan: NaN, bytes: new Uint8Array(9) });
  log.info('many', Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, 'y'.repeat(1_000)])));
  log.info('hostile', { inner: hostile });
  await written(3);
  for (const line of printed) expect(line.length).toBeLessThan(60_000);
  expect(lines[0]!.fields).toMatchObject({ big: '10', nan: 'NaN', bytes: '[9 bytes]' });
  expect(lines[2]!.fields).toHaveProperty('unreadable');
});

test('a file gets the lines as well, when asked for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-log-'));
  try {
    const file = join(folder, 'logs', 'server.log');
    createLog({ service: 'orchestrator', level: 'info', file }).info('kept', { n: 1 });
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('"message":"kept","n":1}\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});

import { beforeEach, describe, expect, test } from 'vitest';
import { ClusterError, type NewLogRecord } from '@tutti/core';
import { seededRandom, virtualClock, type VirtualClock } from '@tutti/testing';
import { createLogWriter, type LogWriter } from './log-writer.ts';

const away = () => new ClusterError('storage_unavailable', 'The store does not answer.');

function line(message: string): NewLogRecord {
  return { time: 0, level: 'info', service: 'test', node: '', requestId: '', message, fields: {} };
}

let clock: VirtualClock;
let batches: string[][];
let told: string[];
let failure: Error | undefined;
let writer: LogWriter;

const stored = () => batches.flat();
const log = { info: (message: string) => told.push(message), warn: (message: string) => told.push(message) };

function create(options: Partial<Parameters<typeof createLogWriter>[0]> = {}): LogWriter {
  const append = async (lines: readonly NewLogRecord[]) => {
    if (failure) throw failure;
    batches.push(lines.map(({ message }) => message));
  };
  return createLogWriter({
    append,
    clock,
    log: log as never,
    bufferLines: 10,
    batchLines: 4,
    flushMs: 500,
    ...options,
  });
}

beforeEach(() => {
  clock = virtualClock();
  batches = [];
  told = [];
  failure = undefined;
  writer = create();
});

describe('LogWriter', () => {
  test('lines wait for others, not longer than flushMs', async () => {
    writer.write(line('a'));
    await clock.advance(499);
    writer.write(line('b'));
    expect(batches).toEqual([]);
    await clock.advance(1);
    expect(batches).toEqual([['a', 'b']]);
    expect(clock.pending).toBe(0);
  });

  test('a full batch goes at once, but never within write', async () => {
    for (const message of 'abcdef') writer.write(line(message));
    expect(batches).toEqual([]);
    await clock.advance(0);
    expect(batches).toEqual([
      ['a', 'b', 'c', 'd'],
      ['e', 'f'],
    ]);
  });

  test('appends one at a time', async () => {
    const open: (() => void)[] = [];
    writer = create({ append: () => new Promise((resolve) => open.push(resolve)) });
    for (const message of 'abcdefgh') writer.write(line(message));
    await clock.advance(5_000);
    void writer.flush(10_000);
    await clock.advance(0);
    expect(open).toHaveLength(1);
    open[0]!();
    await clock.advance(0);
    expect(open).toHaveLength(2);
  });

  test('while the store is away: retries ever more slowly, keeps the newest, counts, tells once', async () => {
    failure = away();
    for (let i = 0; i < 30; i++) writer.write(line(String(i)));
    await clock.advance(60_000);
    writer.write(line('30'));
    expect(told).toEqual(['the log store takes no lines']);
    expect(writer.stats).toEqual({ buffered: 11, dropped: 20 });
    failure = undefined;
    await clock.advance(30_000);
    expect(told).toEqual(['the log store takes no lines', 'the log store takes lines again']);
    expect(writer.stats).toEqual({ buffered: 0, dropped: 20 });
    expect(stored().at(-1)).toBe('30');
    expect(clock.pending).toBe(0);
  });

  test('a batch that can never be stored does not hold up the others', async () => {
    writer = create({
      append: async (lines) => {
        if (lines.some(({ message }) => message === 'poison')) throw new ClusterError('invalid_request', 'no');
        batches.push(lines.map(({ message }) => message));
      },
    });
    for (const message of ['a', 'poison', 'b', 'c', 'd', 'e']) writer.write(line(message));
    await clock.advance(500);
    expect(stored()).toEqual(['d', 'e']);
    expect(writer.stats).toEqual({ buffered: 0, dropped: 4 });
  });

  test('a bug of the store is survived', async () => {
    writer = create({
      append: () => {
        throw new TypeError('bug');
      },
    });
    writer.write(line('a'));
    await clock.advance(500);
    expect(writer.stats).toEqual({ buffered: 0, dropped: 1 });
  });

  test('flush stores what is left', async () => {
    for (const message of 'abcdef') writer.write(line(message));
    await writer.flush(1_000);
    expect(stored()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(clock.pending).toBe(0);
    await writer.flush(1_000);
  });

  test('flush gives up on a store that hangs', async () => {
    writer = create({ append: () => new Promise(() => {}) });
    writer.write(line('a'));
    let ended = false;
    void writer.flush(1_000).then(() => (ended = true));
    await clock.advance(999);
    expect(ended).toBe(false);
    await clock.advance(1);
    expect(ended).toBe(true);
  });

  test.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'loses nothing uncounted, and no order (seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      let written = 0;
      writer = create({
        append: async (lines) => {
          await Promise.resolve();
          if (random() < 0.4) throw away();
          batches.push(lines.map(({ message }) => message));
        },
      });
      for (let step = 0; step < 50; step++) {
        for (let i = random() * 8; i > 1; i--) writer.write(line(String(written++)));
        await clock.advance(random() * 3_000);
        const { buffered, dropped } = writer.stats;
        expect(stored().length + buffered + dropped, `seed ${seed}`).toBe(written);
      }
      await clock.advance(600_000);
      const numbers = stored().map(Number);
      expect(numbers, `seed ${seed}`).toEqual(numbers.toSorted((a, b) => a - b));
      expect(writer.stats.buffered).toBe(0);
    },
  );
});

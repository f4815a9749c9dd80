import { beforeEach, describe, expect, test } from 'vitest';
import type { ClusterError, LogRepository } from '@tutti/core';
import { LogService, type QueryLogsResponse } from '@tutti/proto/tutti/v1/log';
import { createClient, createMemoryChannel, type Client } from '@tutti/rpc';
import { virtualClock, type VirtualClock } from '@tutti/testing';
import { createLogService } from './log-service.ts';
import { lineWith, memoryLogs } from './memory-logs.fixture.ts';

let logs: LogRepository;
let clock: VirtualClock;
let client: Client<typeof LogService>;

function start(repeats = 0): void {
  logs = memoryLogs({ repeats });
  clock = virtualClock();
  serve();
}

function serve(): void {
  const channel = createMemoryChannel();
  channel.addService(LogService, createLogService({ logs, stats: () => ({ dropped: 7 }), clock }));
  client = createClient(channel, LogService, { deadlineMs: Infinity });
}

beforeEach(() => start());

const write = (...messages: string[]) => logs.append(messages.map((message) => lineWith({ message })));

type Request = Parameters<typeof client.queryLogs>[0];

async function page(request: Request): Promise<QueryLogsResponse> {
  const pages: QueryLogsResponse[] = [];
  for await (const response of client.queryLogs(request)) pages.push(response);
  expect(pages).toHaveLength(1);
  return pages[0]!;
}

const messagesOf = ({ lines }: QueryLogsResponse) => lines.map(({ message }) => message);

describe('a page', () => {
  test('is the newest lines first, whole', async () => {
    await write('old');
    await logs.append([
      lineWith({
        time: 1_700_000_000_123,
        level: 'warn',
        node: 'agx0',
        requestId: 'r',
        message: 'new',
        fields: { n: 1 },
      }),
    ]);
    const { lines, nextPageToken, dropped } = await page({});
    expect(lines[0]).toMatchObject({
      time: '2023-11-14T22:13:20.123Z',
      level: 'warn',
      service: 'orchestrator',
      node: 'agx0',
      requestId: 'r',
      message: 'new',
      fieldsJson: '{"n":1}',
    });
    expect(lines[1]!.message).toBe('old');
    expect({ nextPageToken, dropped }).toEqual({ nextPageToken: '', dropped: 7 });
  });

  test('leads to the next, without a gap or a repeat, while lines are added', async () => {
    await write(...Array.from({ length: 25 }, (_, i) => String(i)));
    const seen: string[] = [];
    let pageToken = '';
    do {
      const next = await page({ pageSize: 10, pageToken });
      seen.push(...messagesOf(next));
      pageToken = next.nextPageToken;
      await write('later');
    } while (pageToken);
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => String(24 - i)));
  });

  test('holds 100 lines unless told otherwise', async () => {
    await write(...Array.from({ length: 101 }, String));
    expect((await page({})).lines).toHaveLength(100);
    expect((await page({ pageSize: 1_000 })).lines).toHaveLength(101);
  });

  test.each<[string, Request, string[]]>([
    ['level', { level: 'warn' }, ['b', 'a']],
    ['node', { node: 'n1' }, ['b']],
    ['service', { service: 'agent' }, ['c', 'b']],
    ['request', { requestId: 'r1' }, ['c', 'a']],
    ['time', { from: '1970-01-01T00:00:02Z', to: '1970-01-01T01:00:03+01:00' }, ['b']],
    ['text', { q: 'C' }, ['c']],
    ['all', { service: 'agent', level: 'warn', q: 'b' }, ['b']],
  ])('is filtered by %s', async (_, request, expected) => {
    await logs.append([
      lineWith({ time: 1_000, message: 'a', level: 'error', requestId: 'r1' }),
      lineWith({ time: 2_000, message: 'b', level: 'warn', service: 'agent', node: 'n1' }),
      lineWith({ time: 3_000, message: 'c', level: 'info', service: 'agent', requestId: 'r1' }),
    ]);
    expect(messagesOf(await page(request))).toEqual(expected);
  });
});

describe('what makes no sense is refused by name', () => {
  test.each<[string, Request]>([
    ['level', { level: 'trace' }],
    ['from', { from: 'yesterday' }],
    ['from', { from: '2026-13-01T00:00:00Z' }],
    ['to', { to: '2026-01-01' }],
    ['from', { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' }],
    ['pageSize', { pageSize: 0 }],
    ['pageSize', { pageSize: 1_001 }],
    ['q', { q: 'x'.repeat(257) }],
    ['requestId', { requestId: 'x'.repeat(257) }],
    ['page_token', { follow: true, pageToken: '1' }],
    ['to', { follow: true, to: '2026-01-01T00:00:00Z' }],
  ])('%s in %j', async (param, request) => {
    const error = await page(request).catch((thrown: ClusterError) => thrown);
    expect(error).toMatchObject({ reason: 'invalid_request', param });
  });
});

describe('follow', () => {
  /** Reads on until the returned function is called. */
  function follow(request: Request) {
    const stop = new AbortController();
    const batches: string[][] = [];
    const reading = (async () => {
      for await (const response of client.queryLogs({ ...request, follow: true }, { signal: stop.signal })) {
        batches.push(messagesOf(response));
      }
    })().catch(() => {});
    return { batches, stop: () => (stop.abort(), reading) };
  }

  test.each([0, 3])('goes on with each new line once, oldest first (a store that repeats %i)', async (repeats) => {
    start(repeats);
    await write('a', 'b', 'c', 'd', 'e');
    const { batches, stop } = follow({ pageSize: 2 });
    await clock.advance(0);
    expect(batches).toEqual([['e', 'd']]);
    await clock.advance(2_000);
    await write('f', 'g');
    await clock.advance(500);
    await write('h');
    await clock.advance(2_000);
    expect(batches.slice(1)).toEqual([['f', 'g'], ['h']]);
    await stop();
    await clock.advance(500);
    expect(clock.pending).toBe(0);
  });

  test('starts in an empty log', async () => {
    const { batches, stop } = follow({});
    await clock.advance(500);
    await write('a', 'b');
    await clock.advance(500);
    expect(batches).toEqual([[], ['a', 'b']]);
    await stop();
  });

  test('tells only what the filter lets through', async () => {
    await write('a');
    const { batches, stop } = follow({ q: 'want' });
    await clock.advance(0);
    await write('not', 'wanted', 'not');
    await clock.advance(500);
    await write('not');
    await clock.advance(500);
    expect(batches).toEqual([[], ['wanted']]);
    await stop();
  });

  test('loses no line of a burst, whatever was stored between its questions', async () => {
    const queries = logs;
    const between = [5, 1_200];
    logs = {
      append: (lines) => queries.append(lines),
      async query(filter, asked) {
        const count = asked.after === undefined ? undefined : between.shift();
        if (count) await write(...Array.from({ length: count }, (_, i) => `${count}:${i}`));
        return queries.query(filter, asked);
      },
    };
    await write('a');
    serve();
    const { batches, stop } = follow({});
    await clock.advance(0);
    for (let i = 0; i < 5; i++) await clock.advance(500);
    expect(new Set(batches.flat()).size).toBe(1_206);
    await stop();
  });

  test('catches up with a burst at once', async () => {
    await write('a');
    const { batches, stop } = follow({});
    await clock.advance(0);
    await write(...Array.from({ length: 2_500 }, (_, i) => String(i)));
    await clock.advance(500);
    expect(batches.slice(1).map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
    await stop();
  });
});

import { expect, it } from 'vitest';
import type { QueueStatus } from '../connection/api.ts';
import { queueTable } from './queue-table.ts';

const idle = {
  ...{ paused: false, waiting: 0, inFlight: 2, queueSize: 100, concurrency: 20, oldestMs: 0, waitMs: 0, refused: 0 },
  calls: [],
} as unknown as QueueStatus;

it('is one line while nobody waits', () => {
  expect(queueTable(idle)).toBe('0 waiting (at most 100), 2 running (at most 20)');
});

it('has a row for each call that waits, and tells what is not shown', () => {
  const call = { model: 'llama3:8b', priority: 'default', key: 'key1', waitingMs: 1_500, attempt: 1 };
  const calls = [
    { ...call, requestId: 'r1', position: 0, etaMs: 12_000 },
    { ...call, requestId: '', key: '', position: 1, attempt: 2 },
  ];
  const busy = { ...idle, waiting: 5, waitMs: 42_000, refused: 3, paused: true, calls } as unknown as QueueStatus;
  expect(queueTable(busy).split('\n')).toEqual([
    '5 waiting (at most 100), 2 running (at most 20), a call that came now would wait 42.0 s, 3 refused, PAUSED: no call is started',
    '',
    'POSITION    REQUEST    MODEL        CLASS      KEY     WAITING    ETA          ATTEMPT',
    '0           r1         llama3:8b    default    key1    1.5 s      in 12.0 s    1',
    '1           -          llama3:8b    default    -       1.5 s      -            2',
    'and 3 more',
  ]);
});

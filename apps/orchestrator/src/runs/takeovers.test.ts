import { afterEach, expect, it } from 'vitest';
import { ClusterError, pause, type RunRecord } from '@tutti/core';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { never } from './runs.fixture.ts';
import { watchForTakeovers, type Takeovers } from './takeovers.ts';

const leaseMs = 3_000;
let watcher: Takeovers;

afterEach(() => watcher.close());

/** A watcher of runs whose store answers as `read` says. */
function startWatcher(read: () => Promise<readonly Partial<RunRecord>[]>) {
  const clock = virtualClock();
  const taken: string[] = [];
  watcher = watchForTakeovers({
    ...{ clock, leaseMs, isHere: (id) => id === 'ours', log: createLog({ service: 'test', level: 'silent' }) },
    repository: { unfinished: async () => (await read()) as RunRecord[] },
    takeOver: async ({ id }) => void taken.push(`${id} ${clock.now()}`),
  });
  return { clock, taken };
}

it('takes what stands still for a lease, what was let go at once, and nothing that is here', async () => {
  const facts = { owner: 'a', revision: 1 };
  let looks = 0;
  const { clock, taken } = startWatcher(async () => [
    { id: 'dead', ...facts },
    { id: 'ours', ...facts },
    { id: 'let-go', owner: '', revision: 1 },
    { id: 'alive', owner: 'a', revision: ++looks },
  ]);
  await clock.advance(leaseMs);
  expect(taken.filter((text) => !text.startsWith('let-go'))).toEqual([`dead ${leaseMs}`]);
  expect(taken[0]).toBe('let-go 0');
});

it('counts no time in which the store was away, or so slow that nobody could have told that it lives', async () => {
  let state: 'well' | 'away' | 'slow' = 'well';
  const { clock, taken } = startWatcher(async () => {
    if (state === 'away') throw new ClusterError('storage_unavailable', 'The store does not answer.');
    if (state === 'slow') await pause(clock, 2 * leaseMs, never);
    return [{ id: 'run', owner: 'a', revision: 1 }];
  });
  // No two looks are a lease apart without trouble between them.
  for (const trouble of ['away', 'slow', 'away'] as const) {
    await clock.advance(leaseMs / 3);
    state = trouble;
    await clock.advance(4 * leaseMs);
    state = 'well';
    await clock.advance(leaseMs / 3);
    expect(taken, trouble).toEqual([]);
  }
  await clock.advance(3 * leaseMs);
  expect(taken).not.toEqual([]);
});

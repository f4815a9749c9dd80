import { expect, it } from 'vitest';
import { createMemoryRuns, type RunRecord } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { createRunLease } from './run-lease.ts';

const leaseMs = 3_000;

async function startLease(owner = 'a') {
  const clock = virtualClock();
  const repository = createMemoryRuns();
  const facts = { pattern: 'p', key: 'k', title: '', state: 'RUNNING', createdAt: 0 } as const;
  const head: RunRecord = { id: 'run', ...facts, owner: 'a', revision: 1 };
  await repository.create(head);
  let lost = 0;
  let renewed = 0;
  const lease = createRunLease({
    ...{ head, repository, owner, clock, leaseMs, longestAwayMs: 60_000, stateOf: () => 'WAITING' as const },
    onRenewed: async () => void (renewed += 1),
    onLost: () => void (lost += 1),
  });
  const found = () => repository.find('run');
  return { clock, repository, lease, found, lost: () => lost, renewed: () => renewed };
}

it('shows that it lives three times a lease, and where the run stands', async () => {
  const { clock, found, renewed, lost } = await startLease();
  await clock.advance(leaseMs);
  expect(await found()).toMatchObject({ revision: 4, owner: 'a', state: 'WAITING' });
  expect([renewed(), lost()]).toEqual([3, 0]);
});

it('is lost when the head names another process', async () => {
  const { clock, repository, found, lost } = await startLease();
  await clock.advance(1_000);
  const { revision } = (await found())!;
  await repository.renew('run', revision, { state: 'RUNNING', owner: 'b' });
  await clock.advance(leaseMs);
  expect(lost()).toBeGreaterThan(0);
  expect(await found()).toMatchObject({ owner: 'b', revision: revision + 1 });
});

it('goes on if it was itself that wrote, and did not hear of it', async () => {
  const { clock, repository, found, lost } = await startLease();
  await repository.renew('run', 1, { state: 'RUNNING', owner: 'a' });
  await clock.advance(1_000);
  expect(await found()).toMatchObject({ revision: 3, owner: 'a' });
  expect(lost()).toBe(0);
});

it('of a run that was claimed takes the head from whoever had it', async () => {
  const { clock, repository, found, lost } = await startLease('b');
  await repository.renew('run', 1, { state: 'RUNNING', owner: 'a' });
  await clock.advance(leaseMs);
  expect(await found()).toMatchObject({ owner: 'b' });
  expect(lost()).toBe(0);
});

it('ends with the run, or is let go', async () => {
  const ended = await startLease();
  await ended.lease.end('COMPLETED');
  expect(await ended.found()).toMatchObject({ state: 'COMPLETED', endedAt: ended.clock.wallTime() });
  const released = await startLease();
  await released.lease.release();
  expect((await released.found())?.owner).toBe('');
  for (const { clock, found } of [ended, released]) {
    const { revision } = (await found())!;
    await clock.advance(2 * leaseMs);
    expect((await found())?.revision).toBe(revision);
  }
});

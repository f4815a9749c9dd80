import type { ClusterError } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createDoor } from './door.ts';

const open = () => {
  const clock = virtualClock();
  return { clock, door: createDoor({ clock }) };
};

it('lets nobody in once it closes, and waits for those inside', async () => {
  const { door } = open();
  const leave = door.enter(() => {});
  let closed = false;
  const closing = door.close(1_000).then(() => (closed = true));
  expect(() => door.enter(() => {})).toThrow(expect.objectContaining({ reason: 'draining' }) as Error);
  expect(closed).toBe(false);
  leave();
  await closing;
});

it('cancels those that are still inside when the grace is over', async () => {
  const { door, clock } = open();
  let reason: ClusterError | undefined;
  const leave = door.enter((error) => {
    reason = error;
    leave();
  });
  const closing = door.close(1_000);
  await clock.advance(999);
  expect(reason).toBeUndefined();
  await clock.advance(1);
  await closing;
  expect(reason).toMatchObject({ reason: 'draining' });
});

it('closes at once when it is empty', async () => {
  await open().door.close(1_000);
});

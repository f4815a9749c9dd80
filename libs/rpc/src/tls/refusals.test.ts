import type { Socket } from 'node:net';
import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createRefusals } from './refusals.ts';

it('each address and reason is told once a minute, however many there are', async () => {
  const clock = virtualClock();
  const told: string[] = [];
  const refused = createRefusals(clock, ({ peer, reason }) => void told.push(`${peer} ${reason}`));
  const from = (remoteAddress: string, remotePort: number) => ({ remoteAddress, remotePort }) as Socket;
  for (let port = 1; port <= 10_000; port++) refused(from('10.0.0.1', port), 'plaintext');
  refused(from('10.0.0.1', 5), 'expired');
  refused(from('10.0.0.2', 6), 'plaintext');
  expect(told).toEqual(['10.0.0.1:1 plaintext', '10.0.0.1:5 expired', '10.0.0.2:6 plaintext']);
  await clock.advance(60_000);
  refused(from('10.0.0.1', 7), 'plaintext');
  expect(told.at(-1)).toBe('10.0.0.1:7 plaintext');
});

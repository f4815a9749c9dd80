import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { refusalLog } from './refusal-log.ts';

it('a flood of refused connections is two lines a minute for each reason', async () => {
  const clock = virtualClock();
  const lines: unknown[] = [];
  const log = { warn: (...line: unknown[]) => lines.push(line) };
  const refused = refusalLog(log as never, clock);
  for (let i = 0; i < 10_000; i++) refused({ peer: `192.0.2.1:${i}`, reason: 'no certificate' });
  refused({ peer: '192.0.2.2:1', reason: 'expired' });
  expect(lines).toEqual([
    ['connection refused', { peer: '192.0.2.1:0', reason: 'no certificate' }],
    ['connection refused', { peer: '192.0.2.2:1', reason: 'expired' }],
  ]);
  await clock.advance(60_000);
  expect(lines.slice(2)).toEqual([['more connections refused', { reason: 'no certificate', count: 9_999 }]]);
  refused({ peer: '192.0.2.1:7', reason: 'no certificate' });
  expect(lines).toHaveLength(4);
});

import { systemClock } from '@tutti/runtime';
import { expect, it, vi } from 'vitest';
import { createLoopLag } from './loop-lag.ts';

it('a loop that was held up is told, and its own timer is no lag', async () => {
  const lag = createLoopLag(systemClock);
  await vi.waitFor(() => expect(lag.read().avgMs).toBeLessThan(15));
  await vi.waitFor(() => {
    const until = performance.now() + 100;
    while (performance.now() < until);
    expect(lag.read().maxMs).toBeGreaterThan(50);
  });
  lag.close();
});

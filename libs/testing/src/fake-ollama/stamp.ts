import type { Clock } from '@tutti/core';

/**
 * Times as Go prints them, to the nanosecond. Those of one millisecond differ in the last digits, and never end in 0,
 * which Go would cut off.
 */
export function createStamp(clock: Clock): () => string {
  let second = '';
  let lastMs = -1;
  let count = 0;
  return () => {
    const now = clock.wallTime();
    if (now !== lastMs) {
      lastMs = now;
      second = new Date(now).toISOString().slice(0, -1);
      count = 0;
    }
    count = (count + 1) % 10_000;
    return `${second}${10_000 + count}1Z`;
  };
}

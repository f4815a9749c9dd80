import type { Clock } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';

interface Refusal {
  readonly peer: string;
  readonly reason: string;
}

const quietMs = 60_000;

/** Logs refused connections: the first of each reason, then how many more there were in the minute after it. */
export function refusalLog(log: Pick<Log, 'warn'>, clock: Clock): (refusal: Refusal) => void {
  /** By reason; the reasons are few and our own. */
  const more = new Map<string, number>();
  return ({ peer, reason }) => {
    const count = more.get(reason);
    if (count !== undefined) {
      more.set(reason, count + 1);
      return;
    }
    log.warn('connection refused', { peer, reason });
    more.set(reason, 0);
    clock.after(quietMs, () => {
      const others = more.get(reason)!;
      more.delete(reason);
      if (others > 0) log.warn('more connections refused', { reason, count: others });
    });
  };
}

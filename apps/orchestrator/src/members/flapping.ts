import type { Clock } from '@tutti/core';

/** Remembers how often nodes came and went, and how long one that does so all the time must stay out. */
export interface Flapping {
  /** The node got calls, and gets none any more though nobody wanted that. */
  fell(nodeId: string): void;
  /** Milliseconds until it may get calls again; 0: now. */
  waitMs(nodeId: string): number;
  /** How often it fell within the last minute. */
  falls(nodeId: string): number;
}

interface History {
  /** When it fell, within the last minute. */
  times: readonly number[];
  /** How often it had to wait, less the minutes that it was well since. */
  level: number;
  /** When it may get calls again. */
  until: number;
}

const windowMs = 60_000;
/** So many falls within a minute are nothing unusual. */
const tolerated = 2;
const firstWaitMs = 10_000;
const longestWaitMs = 300_000;
/** Nodes that have been well for long are forgotten when there are so many. */
const mostHistories = 1_000;

export function createFlapping(clock: Clock): Flapping {
  const histories = new Map<string, History>();

  const isOld = ({ until, times, level }: History): boolean =>
    clock.now() - Math.max(until, times.at(-1) ?? 0) > windowMs * (level + 1);

  const recent = (nodeId: string): readonly number[] =>
    (histories.get(nodeId)?.times ?? []).filter((time) => clock.now() - time < windowMs);

  return {
    fell(nodeId) {
      const now = clock.now();
      const before = histories.get(nodeId);
      const wellMs = before ? Math.max(0, now - Math.max(before.until, before.times.at(-1) ?? 0)) : 0;
      const level = Math.max(0, (before?.level ?? 0) - Math.floor(wellMs / windowMs));
      const times = [...recent(nodeId), now];
      if (histories.size >= mostHistories) {
        for (const [id, history] of histories) if (isOld(history)) histories.delete(id);
      }
      const mustWait = times.length > tolerated || level > 0;
      histories.set(nodeId, {
        times,
        level: mustWait ? level + 1 : 0,
        until: mustWait ? now + Math.min(longestWaitMs, firstWaitMs * 2 ** level) : now,
      });
    },
    waitMs: (nodeId) => Math.max(0, (histories.get(nodeId)?.until ?? 0) - clock.now()),
    falls: (nodeId) => recent(nodeId).length,
  };
}

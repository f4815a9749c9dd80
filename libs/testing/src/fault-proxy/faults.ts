import type { Random } from '@tutti/core';

export type Direction = 'toTarget' | 'toClient';

/** What goes wrong on the way. Without a fault bytes pass unchanged. */
export type TcpFault =
  /** New connections are refused; those open go on. */
  | { readonly kind: 'refuse' }
  /** Connections end with RST, open ones at once and new ones as they come. */
  | { readonly kind: 'reset' }
  /** Connections are accepted, nothing passes; it does once the fault is over. */
  | { readonly kind: 'stall' }
  /** Each piece is late by `latencyMs`, and no more than `bytesPerSecond` pass. */
  | { readonly kind: 'slow'; readonly latencyMs?: number; readonly bytesPerSecond?: number }
  /** The target is gone and the client is not told, for as long as its connection lasts, new ones included. */
  | { readonly kind: 'half-open' }
  /** The connection ends in good order after `afterBytes` that way since the fault began. */
  | { readonly kind: 'truncate'; readonly afterBytes: number; readonly direction?: Direction }
  /** One bit of each piece is flipped. */
  | { readonly kind: 'corrupt'; readonly direction?: Direction };

/** From `atMs` after the start of the schedule on; undefined: no fault. */
export interface ScheduledFault {
  readonly atMs: number;
  readonly fault: TcpFault | undefined;
}

interface ScheduleOptions {
  readonly faults: readonly TcpFault[];
  readonly durationMs: number;
  /** Mean time of a fault, and of the calm before it. */
  readonly meanMs: number;
}

/** Faults with calm between them, by chance; the same for the same chance. The last entry is calm. */
export function faultSchedule(random: Random, { faults, durationMs, meanMs }: ScheduleOptions): ScheduledFault[] {
  const schedule: ScheduledFault[] = [];
  const length = (): number => (0.5 + random()) * meanMs;
  for (let atMs = length(); atMs < durationMs; atMs += length()) {
    schedule.push({ atMs, fault: faults[Math.floor(random() * faults.length)] });
    atMs += length();
    schedule.push({ atMs: Math.min(atMs, durationMs), fault: undefined });
  }
  return schedule;
}

import { ClusterError } from '../error.ts';
import type { Random } from '../ports.ts';
import type { Prospect } from './line.ts';

interface LongLine extends Prospect {
  readonly model: string;
  /** Calls in the line. */
  readonly waiting: number;
  readonly longestMs: number;
}

/** What a call is told that may not wait, and when it is worth to come again. */
export interface Refusals {
  tooLong(line: LongLine): ClusterError;
  full(waiting: number, perMs: number): ClusterError;
  gaveWay(perMs: number): ClusterError;
  /** A call of whoever has most waiting, for one of somebody who has fewer. */
  gaveWayToFewer(perMs: number): ClusterError;
  /** So many so far. */
  readonly count: number;
}

const shortestRetryMs = 1_000;
const longestRetryMs = 60_000;

/** Who is refused together shall not come back together: by so much later at most. */
const spread = 0.25;

export function createRefusals(random: Random): Refusals {
  let count = 0;

  const refusal = (message: string, honestMs: number): ClusterError => {
    count += 1;
    const ms = Math.min(longestRetryMs, Math.max(shortestRetryMs, honestMs));
    const retryAfterMs = Math.round(Math.min(longestRetryMs, ms * (1 + spread * random())));
    return new ClusterError('overloaded', `${message} Try again in ${seconds(retryAfterMs)}.`, { retryAfterMs });
  };

  return {
    tooLong: ({ model, waiting, ahead, perMs, waitMs, longestMs }) =>
      refusal(
        `Too many calls wait for "${model}": ${Math.ceil(ahead)} of ${waiting} go first and about ${perMinute(perMs)} ` +
          `start a minute, so this one would wait ${seconds(waitMs)}; ${seconds(longestMs)} are allowed.`,
        waitMs - longestMs,
      ),
    full: (waiting, perMs) =>
      refusal(`The queue is full: ${waiting} calls wait.${paceText(perMs)}`, untilNextMs(perMs)),
    gaveWay: (perMs) =>
      refusal(`The queue is full, and this batch call gave way to one of a higher class.`, untilNextMs(perMs)),
    gaveWayToFewer: (perMs) =>
      refusal(
        `The queue is full, and most of it is this key's: its newest call gave way to another's.`,
        untilNextMs(perMs),
      ),
    get count() {
      return count;
    },
  };
}

function untilNextMs(perMs: number): number {
  return perMs > 0 ? 1 / perMs : 0;
}

function paceText(perMs: number): string {
  return perMs > 0 ? ` About ${perMinute(perMs)} start a minute.` : '';
}

function perMinute(perMs: number): string {
  const count = perMs * 60_000;
  return count < 10 ? count.toFixed(1) : count.toFixed(0);
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1_000)} s`;
}

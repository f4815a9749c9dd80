import { ClusterError } from '@tutti/core';

/**
 * Ids sort as text in the order in which they were given out: first the time, by a clock that all writers share and that
 * never goes back, then a count.
 */
const pattern = /^(\d{13})-(\d{12})$/;

export function logId(timeMs: number, count: number): string {
  return `${String(timeMs).padStart(13, '0')}-${String(count).padStart(12, '0')}`;
}

/** The text of a page token, if it is an id. */
export function checkedId(token: string | undefined): string | undefined {
  if (token === undefined || pattern.test(token)) return token;
  throw new ClusterError('invalid_request', 'The page token is not one of this log. Start again without it.');
}

/** An id that is older by so much. */
export function earlier(id: string, byMs: number): string {
  return logId(Math.max(0, Number(pattern.exec(id)?.[1]) - byMs), 0);
}

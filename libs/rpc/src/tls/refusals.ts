import type { Socket } from 'node:net';
import type { Clock } from '@tutti/core';

/** Told of connections that are turned away, for the log: of one address and reason once a minute. */
export type OnRefused = (refusal: { readonly peer: string; readonly reason: string }) => void;

const quietMs = 60_000;
/** Of more than that all are forgotten, and told anew. */
const mostKnown = 1_000;

/** Whoever knocks again and again fills no log. */
export function createRefusals(clock: Clock, onRefused: OnRefused): (socket: Socket, reason: string) => void {
  const toldAt = new Map<string, number>();
  return ({ remoteAddress, remotePort }, reason) => {
    const key = `${remoteAddress} ${reason}`;
    const now = clock.now();
    if (now - (toldAt.get(key) ?? -Infinity) < quietMs) return;
    if (toldAt.size >= mostKnown) toldAt.clear();
    toldAt.set(key, now);
    onRefused({ peer: `${remoteAddress}:${remotePort}`, reason });
  };
}

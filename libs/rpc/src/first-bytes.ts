import type { Socket } from 'node:net';

/** How HTTP/2 begins when nothing was negotiated before; no method of HTTP/1.1 does. */
export const http2Start = 'PRI ';

/**
 * Calls `done` with a connection's first bytes, as soon as they tell the protocols apart; they stay in the socket. One
 * that is silent for too long is destroyed.
 */
export function readStart(socket: Socket, silenceMs: number, done: (start: string) => void): void {
  let bytes = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), silenceMs);
  const stop = (): void => {
    clearTimeout(timer);
    socket.removeListener('readable', read);
    socket.removeListener('close', stop);
  };
  const read = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    bytes = Buffer.concat([bytes, chunk]);
    const start = bytes.toString('latin1', 0, http2Start.length);
    if (start.length < http2Start.length && http2Start.startsWith(start)) return;
    stop();
    socket.unshift(bytes);
    done(start);
  };
  socket.on('readable', read);
  socket.once('close', stop);
}

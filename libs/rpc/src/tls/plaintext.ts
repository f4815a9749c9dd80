import type { Socket } from 'node:net';
import { http2Start } from '../first-bytes.ts';

const answer = 'This port speaks TLS only. Use https:// instead of http://.\n';

const response = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: text/plain',
  `Content-Length: ${answer.length}`,
  'Connection: close',
  '',
  answer,
].join('\r\n');

/** Whether a connection that begins so is TLS: a record of its handshake. */
export function isTls(start: string): boolean {
  return start.startsWith('\x16');
}

/** Ends a connection that came without TLS; tells HTTP clients why. Returns the reason for the log. */
export function refusePlaintext(socket: Socket, start: string): string {
  const isHttp = start !== http2Start && /^[A-Z]/.test(start);
  // What else arrives is thrown away: closing with bytes unread would reset the connection, and the answer with it.
  if (isHttp) socket.resume().end(response);
  else socket.destroy();
  return start === http2Start ? 'gRPC without TLS came to a port with TLS' : 'no TLS came to a port with TLS';
}

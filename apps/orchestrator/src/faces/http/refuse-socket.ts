import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { ClusterError } from '@tutti/core';
import { renderError, type Dialect } from './errors.ts';
import { largestHeadersBytes } from './request-limits.ts';

const parserErrors: Readonly<Record<string, ClusterError>> = {
  HPE_HEADER_OVERFLOW: new ClusterError(
    'headers_too_large',
    `The request headers are larger than ${largestHeadersBytes} bytes.`,
  ),
  ERR_HTTP_REQUEST_TIMEOUT: new ClusterError('request_timeout', 'The request did not arrive in time.'),
};

/** The path that a request which cannot be read asks for; undefined: its first line is not there. */
export function pathIn(error: Error & { rawPacket?: unknown }): string | undefined {
  if (!Buffer.isBuffer(error.rawPacket)) return undefined;
  const start = error.rawPacket.subarray(0, longestFirstLine).toString('latin1');
  return start.match(/^[A-Z]+ (\/\S*) HTTP\//)?.[1];
}

const longestFirstLine = 2_048;

/** No reply is to be had for what is not even HTTP. It is told in the dialect of its path, or of its connection's last. */
export function refuseSocket(thrown: Error & { code?: string }, socket: Socket, dialect: Dialect): void {
  if (thrown.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const error =
    parserErrors[thrown.code ?? ''] ?? new ClusterError('invalid_request', 'The request is not valid HTTP.');
  const id = randomUUID();
  const { status, body, contentType } = renderError(dialect, error, id);
  const head = [
    `HTTP/1.1 ${status} `,
    `x-request-id: ${id}`,
    `content-type: ${contentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    'x-should-retry: false',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

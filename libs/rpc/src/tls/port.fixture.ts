import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as tlsConnect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { ClusterError } from '@tutti/core';
import { expect } from 'vitest';
import type { HandlerContext } from '../handler.ts';
import type { Listening } from '../one-port.ts';
import { closeLater, createCluster, serve } from './cluster.fixture.ts';
import type { modelsClient } from './cluster.fixture.ts';
import type { TlsOptions } from './tls-port.ts';

export async function tcpTo({ port }: Listening): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  closeLater(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends it all, then gives all that comes back, once the other side has closed. */
export async function send(port: Listening, bytes: string): Promise<string> {
  const socket = await tcpTo(port);
  if (bytes) await new Promise((sent) => socket.write(bytes, 'latin1', sent));
  return text(socket);
}

/** A port of a fresh cluster, and what it logs. */
export async function servePort(options: Parameters<typeof serve>[1] = {}, tls: Partial<TlsOptions> = {}) {
  const cluster = await createCluster();
  const refused: string[] = [];
  const onRefused = ({ reason }: { reason: string }): void => void refused.push(reason);
  const port = await serve(await cluster.orchestrator(), options, { onRefused, ...tls });
  return { cluster, port, refused, ca: cluster.authority.caPem };
}

/** What a call fails with; its text names no library and no address. */
export async function failure(call: Promise<unknown>): Promise<ClusterError> {
  const outcome = await call.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(outcome).toBeInstanceOf(ClusterError);
  const error = outcome as ClusterError;
  expect(error.message).not.toMatch(/SSL|CERT_|error:|127\.0\.0\.1/);
  return error;
}

/** A stream that gives one piece, and a second one when it is told to end. */
export function heldStream() {
  const end = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  async function* getBlob(_: unknown, { signal }: HandlerContext) {
    signal.addEventListener('abort', () => left.resolve());
    yield { data: new Uint8Array(1) };
    await Promise.race([end.promise, left.promise]);
    yield { data: new Uint8Array(2) };
  }
  return { models: { getBlob }, left: left.promise, end: () => end.resolve() };
}

type Models = ReturnType<typeof modelsClient>;

/** Reads the first piece; what is left is read by the returned function. */
export async function openStream(client: Models): Promise<() => Promise<number | undefined>> {
  const reader = client.getBlob({})[Symbol.asyncIterator]();
  await reader.next();
  return async () => (await reader.next()).value?.data.length;
}

/** Opens a TLS connection that has said nothing yet. */
export async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = tlsConnect({
    host: '127.0.0.1',
    port,
    ALPNProtocols: ['h2'],
    checkServerIdentity: () => undefined,
    ...options,
  });
  closeLater(() => socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

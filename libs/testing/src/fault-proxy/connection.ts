import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { pause, type Clock, type Random } from '@tutti/core';
import type { Direction, TcpFault } from './faults.ts';

interface Options {
  /** Its server must allow half-open connections. */
  readonly client: Socket;
  readonly target: { readonly host: string; readonly port: number };
  /** The fault of the moment. */
  readonly fault: () => TcpFault | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Connection {
  /** Tells it that the fault has changed. */
  strike(): void;
  /** Ends both sides with RST. */
  reset(): void;
}

/** Joins a client with the target, and does to it what the fault of the moment asks for. */
export function createConnection({ client, target, fault, clock, random }: Options): Connection {
  const upstream = connect({ ...target, allowHalfOpen: true });
  const ended = new AbortController();
  let struck = Promise.withResolvers<void>();
  let targetGone = false;

  async function forward(from: Socket, to: Socket, direction: Direction): Promise<void> {
    let passed = 0;
    let since: TcpFault | undefined;
    for await (const piece of from as AsyncIterable<Buffer>) {
      while (fault()?.kind === 'stall' && !client.destroyed) await struck.promise;
      if (targetGone) continue;
      const current = fault();
      if (current !== since) passed = 0;
      since = current;
      if (current?.kind === 'corrupt' && applies(current, direction)) flipBit(piece, random);
      const cut = current?.kind === 'truncate' && applies(current, direction);
      const rest = cut ? Math.min(piece.length, current.afterBytes - passed) : piece.length;
      const slices = current?.kind === 'slow' ? slowly(piece, current) : [piece.subarray(0, rest)];
      for await (const slice of slices) await write(to, slice);
      passed += rest;
      if (cut && passed >= current.afterBytes) break;
    }
    if (targetGone) from.destroy();
    else to.end();
  }

  async function* slowly(piece: Buffer, slow: TcpFault & { kind: 'slow' }): AsyncGenerator<Buffer> {
    const { latencyMs = 0, bytesPerSecond = Infinity } = slow;
    const sliceBytes = Math.min(piece.length, Math.ceil(bytesPerSecond / slicesPerSecond));
    await pause(clock, latencyMs, ended.signal);
    for (let at = 0; at < piece.length; at += sliceBytes) {
      await pause(clock, (sliceBytes / bytesPerSecond) * 1000, ended.signal);
      yield piece.subarray(at, at + sliceBytes);
    }
  }

  /** Waits for a slow reader. */
  async function write(to: Socket, piece: Buffer): Promise<void> {
    if (!to.write(piece)) await once(to, 'drain', { signal: ended.signal });
  }

  const reset = (): void => {
    resetSocket(client);
    resetSocket(upstream);
  };
  const broken = (): void => {
    if (!targetGone) reset();
  };
  const strike = (): void => {
    struck.resolve();
    struck = Promise.withResolvers();
    if (fault()?.kind === 'reset') reset();
    if (fault()?.kind !== 'half-open') return;
    targetGone = true;
    upstream.destroy();
  };

  client.on('error', reset);
  upstream.on('error', broken);
  client.on('close', () => {
    ended.abort();
    struck.resolve();
    upstream.destroySoon();
  });
  forward(client, upstream, 'toTarget').catch(broken);
  forward(upstream, client, 'toClient').catch(broken);
  strike();
  return { strike, reset };
}

const slicesPerSecond = 20;

/** Node cannot reset a socket that has sent its end: it would never close. */
function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

function applies(fault: { readonly direction?: Direction }, direction: Direction): boolean {
  return (fault.direction ?? 'toClient') === direction;
}

function flipBit(piece: Buffer, random: Random): void {
  const at = Math.floor(random() * piece.length);
  piece.writeUInt8(piece.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
}

import { setImmediate as turn } from 'node:timers/promises';
import { ClusterError } from '@tutti/core';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { afterEach, describe, expect } from 'vitest';
import type { Channel } from './channel.ts';
import { createClient } from './client.ts';
import type { Client } from './client.ts';
import { createChannel } from './grpc-channel.ts';
import type { Implementation } from './handler.ts';
import { createMemoryChannel } from './memory-channel.ts';
import { listen } from './one-port.ts';
import { addService, createServer } from './server.ts';

type Models = Partial<Implementation<typeof ModelService>>;

interface Served {
  readonly client: Client<typeof ModelService>;
  readonly close: () => void;
}

const clientOf = (channel: Channel) => createClient(channel, ModelService, { deadlineMs: 10_000 });

async function overSocket(models: Models): Promise<Served> {
  const server = createServer();
  addService(server, ModelService, models);
  const { port, destroy } = await listen({ server, http: () => {}, host: '127.0.0.1', port: 0 });
  const channel = createChannel(`127.0.0.1:${port}`);
  const close = (): void => {
    channel.close();
    destroy();
  };
  return { client: clientOf(channel), close };
}

async function inMemory(models: Models): Promise<Served> {
  const channel = createMemoryChannel();
  channel.addService(ModelService, models);
  return { client: clientOf(channel), close: () => channel.close() };
}

/** Runs the same tests over a socket and in memory. `start` serves some methods, until the test has ended. */
export function describeBridge(name: string, tests: (start: (models: Models) => Promise<Served>) => void): void {
  const open: Served[] = [];
  afterEach(() => {
    for (const { close } of open.splice(0)) close();
  });
  describe.each([
    ['over a socket', overSocket],
    ['in memory', inMemory],
  ])(`${name} %s`, (_name, serve) =>
    tests(async (models) => {
      const served = await serve(models);
      open.push(served);
      return served;
    }),
  );
}

interface Piece {
  readonly data: Uint8Array;
}

/** Pieces that hold the numbers from 0 up. */
export async function* numbers(count: number, bytes = 4): AsyncGenerator<{ data: Uint8Array<ArrayBuffer> }> {
  for (let index = 0; index < count; index++) {
    const data = new Uint8Array(bytes);
    new DataView(data.buffer).setUint32(0, index);
    yield { data };
  }
}

export function numberIn(data: Uint8Array): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(0);
}

export const endless = () => numbers(Infinity);

export async function* oneThenNothing(signal: AbortSignal): AsyncGenerator<{ digest: string }> {
  yield { digest: 'sha256:1' };
  await aborted(signal);
}

export async function* failing(error: Error): AsyncGenerator<never> {
  await turn();
  throw error;
}

export async function read(stream: AsyncIterable<object>): Promise<number[]> {
  const seen: number[] = [];
  for await (const piece of stream) seen.push(numberIn((piece as Piece).data));
  return seen;
}

/** What a call fails with; never an error of another kind. */
export async function failure(call: Promise<unknown>): Promise<ClusterError> {
  const outcome = await call.then(
    () => 'no error',
    (thrown: unknown) => thrown,
  );
  expect(outcome).toBeInstanceOf(ClusterError);
  return outcome as ClusterError;
}

export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(signal.reason);
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

/** Counts what is taken of `source`, and tells when it has ended or was left. */
export function tracked<T>(source: AsyncIterable<T> | Iterable<T>) {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const tracker = { count: 0, ended, items: items() };
  async function* items(): AsyncGenerator<T> {
    try {
      for await (const item of source) {
        tracker.count++;
        yield item;
      }
    } finally {
      resolve();
    }
  }
  return tracker;
}

/** A handler that gives some answers and then waits until it is cancelled or told to finish. */
export function waiting() {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const finished = Promise.withResolvers<unknown>();
  async function* stream(
    count: number,
    signal: AbortSignal,
  ): AsyncGenerator<Piece & { data: Uint8Array<ArrayBuffer> }> {
    started.resolve();
    try {
      yield* numbers(count);
      await Promise.race([aborted(signal), finished.promise]);
    } finally {
      ended.resolve(signal.reason);
    }
  }
  return {
    started: started.promise,
    /** With what the signal was aborted by when the handler's `finally` ran. */
    ended: ended.promise,
    finish: () => finished.resolve(undefined),
    stream:
      (count: number) =>
      (_request: unknown, { signal }: { signal: AbortSignal }) =>
        stream(count, signal),
  };
}

/** Waits until a count has not moved for a while of turns. */
export async function standstill(count: () => number): Promise<void> {
  for (let last = -1, quiet = 0; quiet < 200; quiet++) {
    await turn();
    if (count() !== last) quiet = 0;
    last = count();
  }
}

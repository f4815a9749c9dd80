import { once } from 'node:events';
import { Client, credentials } from '@grpc/grpc-js';
import type { ClusterError } from '@tutti/core';
import { ServerReflection } from '@tutti/proto/grpc/reflection/v1/reflection';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { createChannel } from './grpc-channel.ts';
import type { Implementation } from './handler.ts';
import { listen } from './one-port.ts';
import { addService, createServer } from './server.ts';
import { methodDefinition } from './service-definition.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function portOf(running: ReturnType<typeof createServer>): Promise<number> {
  const { port, destroy } = await listen({ server: running, http: () => {}, host: '127.0.0.1', port: 0 });
  closers.push(destroy);
  return port;
}

function clientTo(port: number) {
  const channel = createChannel(`127.0.0.1:${port}`);
  closers.push(() => channel.close());
  return createClient(channel, ModelService, { deadlineMs: 15_000 });
}

/** Gives one message and then nothing until the client leaves. */
async function* silent(_request: unknown, { signal }: { signal: AbortSignal }) {
  yield {};
  await once(signal, 'abort');
}

describe('a server', () => {
  it('keeps a connection on which thousands of streams are cancelled', async () => {
    const running = createServer();
    addService(running, ModelService, { getBlob: silent });
    const client = clientTo(await portOf(running));
    const innocent = new AbortController();
    const reader = client.getBlob({}, { signal: innocent.signal })[Symbol.asyncIterator]();
    await reader.next();
    for (let round = 0; round < 2_000; round++) {
      for await (const _ of client.getBlob({})) break;
    }
    const next = reader.next();
    innocent.abort();
    await expect(next).rejects.toMatchObject({ reason: 'client_closed' });
  });

  it('tells its log what the client is not told', async () => {
    const told: [string, ClusterError][] = [];
    const running = createServer();
    const models: Partial<Implementation<typeof ModelService>> = {
      async hasBlob() {
        throw new TypeError('boom');
      },
      getBlob: silent,
    };
    addService(running, ModelService, models, { onError: (error, method) => told.push([method, error]) });
    const client = clientTo(await portOf(running));
    for await (const _ of client.getBlob({})) break;
    await expect(client.hasBlob({})).rejects.toMatchObject({ message: 'internal error' });
    expect(told.map(([method, { cause }]) => [method, String(cause)])).toEqual([
      ['tutti.agent.v1.ModelService/HasBlob', 'TypeError: boom'],
    ]);
  });

  it('lets a handler of two streams answer after it has stopped reading', async () => {
    const running = createServer();
    addService(running, ServerReflection, {
      async *serverReflectionInfo(requests) {
        for await (const { host } of requests) {
          yield { validHost: host };
          break;
        }
        yield { validHost: 'last' };
      },
    });
    const client = new Client(`127.0.0.1:${await portOf(running)}`, credentials.createInsecure());
    closers.push(() => client.close());
    const method = methodDefinition(ServerReflection.method.serverReflectionInfo);
    const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
    call.write({ host: 'first' });
    const hosts: unknown[] = [];
    for await (const answer of call) hosts.push((answer as { validHost: string }).validHost);
    expect(hosts).toEqual(['first', 'last']);
  });
});

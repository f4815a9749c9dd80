import { request, Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { ClusterError } from '@tutti/core';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { createLog } from '@tutti/runtime/log';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer } from '../http/http-server.ts';
import { ollamaBlobsFace } from './blobs.ts';

const digest = `sha256:${'ab'.repeat(32)}`;
const log = createLog({ service: 'test', level: 'error' });

let app: FastifyInstance;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

afterEach(() => app.close());

type Put = (pieces: AsyncIterable<Uint8Array>) => Promise<boolean>;

/** A server with short limits whose blobs go to `put`. */
async function serve(put: Put, silenceMs?: number): Promise<void> {
  app = createHttpServer({ log, timeouts: { headersMs: 50, requestMs: 100, checkMs: 10 } });
  const blobs = { holders: async () => [], put: (_: string, pieces: AsyncIterable<Uint8Array>) => put(pieces) };
  const models = { blobs: { ...blobs, bring: async function* () {} }, blobTargets: () => ['a'] };
  ollamaBlobsFace(app, models, silenceMs);
  app.post('/api/chat', { config: { permission: Permission.PUBLIC } }, async () => ({ fine: true }));
  await app.listen({ host: '127.0.0.1', port: 0 });
}

/** Sends the pieces with a pause between them; the status of the answer, or why there is none. */
async function send(path: string, pieces: readonly string[], pauseMs: number): Promise<string> {
  const { port } = app.server.address() as AddressInfo;
  const sent = request({ port, path, method: 'POST', agent });
  const answered = new Promise<string>((resolve) => {
    sent.once('error', () => resolve('closed'));
    sent.once('response', (response) => {
      response.resume();
      response.once('end', () => resolve(String(response.statusCode)));
    });
  });
  for (const piece of pieces) {
    sent.write(piece);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  sent.end();
  return answered;
}

const whole: Put = async (pieces) => {
  const got = Buffer.concat(await Array.fromAsync(pieces)).toString();
  if (got !== 'abcdef') throw new ClusterError('invalid_request', `got ${got}`);
  return false;
};

describe('an upload', () => {
  it('may take longer than any request, and only it', async () => {
    await serve(whole);
    expect(await send(`/api/blobs/${digest}`, 'abcdef'.split(''), 60)).toBe('201');
    expect(await send('/api/chat', '{   }'.split(''), 60)).toBe('408');
  });

  it('ends if nothing comes for long', async () => {
    await serve(whole, 50);
    expect(await send(`/api/blobs/${digest}`, ['abc', 'def'], 300)).toBe('closed');
  });

  it('that is not read to its end leaves the connection to the next request', async () => {
    await serve(async (pieces) => {
      for await (const _ of pieces) return true;
      return false;
    });
    const large = 'x'.repeat(1_000_000);
    expect(await send(`/api/blobs/${digest}`, [large, large, large], 0)).toBe('200');
    expect(await send('/api/chat', ['{}'], 0)).toBe('200');
  });

  it('that nobody reads does so too', async () => {
    await serve(async () => {
      throw new ClusterError('no_healthy_node', 'none');
    });
    const large = 'x'.repeat(1_000_000);
    expect(await send(`/api/blobs/${digest}`, [large, large], 0)).toBe('503');
    expect(await send('/api/chat', ['{}'], 0)).toBe('200');
  });
});

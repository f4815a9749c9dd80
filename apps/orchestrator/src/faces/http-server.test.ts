import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { createLog } from '@tutti/runtime/log';
import { afterEach, expect, it } from 'vitest';
import { createHttpServer } from './http-server.ts';

const config = { permission: Permission.PUBLIC };

let app: FastifyInstance;

afterEach(() => app.close());

/** What a server with short limits answers to bytes that stop coming. */
async function sendHalf(text: string): Promise<string> {
  const timeouts = { headersMs: 100, requestMs: 200, checkMs: 20 };
  app = createHttpServer({ log: createLog({ service: 'test', level: 'error' }), timeouts });
  app.post('/api/chat', { config }, async () => ({}));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  let answer = '';
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

it('headers that do not end in time are 408', async () => {
  expect(await sendHalf('POST /api/chat HTTP/1.1\r\nhost: localhost\r\n')).toMatch(/^HTTP\/1\.1 408/);
});

it('a body that does not end in time is 408', async () => {
  expect(await sendHalf('POST /api/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"a":')).toMatch(
    /^HTTP\/1\.1 408/,
  );
});

it('a bug is 500, and its text stays in the log', async () => {
  app = createHttpServer({ log: createLog({ service: 'test', level: 'error' }) });
  app.get('/api/bug', { config }, async () => {
    throw new TypeError('secret detail');
  });
  const { statusCode, body } = await app.inject('/api/bug');
  expect(statusCode).toBe(500);
  expect(body).not.toContain('secret');
});

it('takes the id of a proxy in front if it is a plain one', async () => {
  app = createHttpServer({ log: createLog({ service: 'test', level: 'error' }) });
  const idFor = async (id: string) =>
    (await app.inject({ url: '/', headers: { 'x-request-id': id } })).headers['x-request-id'];
  expect(await idFor('req_1:a.b-c')).toBe('req_1:a.b-c');
  expect(await idFor('a b"<script>')).toMatch(/^[0-9a-f-]{36}$/);
});

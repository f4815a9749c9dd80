import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { createLog } from '@tutti/runtime/log';
import { afterEach, expect, it } from 'vitest';
import { bodyOf } from './body.ts';
import { createHttpServer } from './http-server.ts';

const config = { permission: Permission.PUBLIC };

let app: FastifyInstance;

afterEach(() => app.close());

/** What a server with short limits answers to bytes that stop coming. */
async function sendHalf(text: string): Promise<string> {
  const timeouts = { headersMs: 100, requestMs: 200, checkMs: 20 };
  app = createHttpServer({ log: createLog({ service: 'test', level: 'error' }), timeouts });
  for (const path of ['/api/chat', '/v1/chat/completions']) app.post(path, { config }, async () => ({}));
  app.post('/v1/messages', { config: { ...config, dialect: 'anthropic' } }, async () => ({}));
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

it.each([
  ['/api/chat', /\r\n\r\n\{"error":"[^"]+"\}$/],
  ['/v1/chat/completions', /\r\n\r\n\{"error":\{"message":"[^"]+","type":"invalid_request_error"/],
  ['/v1/messages', /\r\n\r\n\{"type":"error","error":\{"type":"/],
])('what ends before there is a request is told as %s tells errors', async (path, body) => {
  const late = await sendHalf(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"a":`);
  expect(late).toMatch(/^HTTP\/1\.1 408/);
  expect(late).toMatch(body);
  await app.close();
  const large = await sendHalf(`POST ${path} HTTP/1.1\r\nhost: localhost\r\nx-a: ${'x'.repeat(20_000)}\r\n\r\n`);
  expect(large).toMatch(/^HTTP\/1\.1 431/);
  expect(large).toMatch(body);
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

it('takes a body as it is, wherever its characters are cut on the way', async () => {
  app = createHttpServer({ log: createLog({ service: 'test', level: 'error' }) });
  app.post('/echo', { config }, async (request, reply) =>
    reply.type('text/plain; charset=utf-8').send(bodyOf(request)),
  );
  await app.listen({ host: '127.0.0.1', port: 0 });
  const text = 'aé漢👋🏽z';
  const bytes = Buffer.from(text);
  for (let cut = 1; cut < bytes.length; cut++) {
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1').setNoDelay();
    const received: Buffer[] = [];
    socket.on('data', (piece: Buffer) => received.push(piece));
    const head = 'POST /echo HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n';
    const chunk = (piece: Uint8Array) => [Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')];
    const pieces = [Buffer.from(head), ...chunk(bytes.subarray(0, cut)), ...chunk(bytes.subarray(cut))];
    for (const piece of [...pieces, Buffer.from('0\r\n\r\n')]) await new Promise((sent) => socket.write(piece, sent));
    await once(socket, 'close');
    expect(Buffer.concat(received).toString('utf8'), `cut at ${cut}`).toMatch(new RegExp(`\\r\\n\\r\\n${text}$`, 'u'));
  }
});

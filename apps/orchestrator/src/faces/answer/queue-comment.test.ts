import { connect, type AddressInfo, type Socket } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { delta, done, ticketMachine, type Generate } from '@tutti/core';
import { createCluster, dispatched } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { QueuedSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createAnswer } from './answer.ts';
import { createHttpServer } from '../http/http-server.ts';
import { openaiFace } from '../openai/openai.ts';
import { queueComment } from './queue-comment.ts';

it.each([
  [{ position: 2, etaMs: 11_400 }, ': queued position=3 eta=12s\n\n'],
  [{ position: 0 }, ': queued position=1\n\n'],
  [undefined, ': working\n\n'],
])('tells of %j: %j', (queued, comment) => {
  expect(queueComment(queued && create(QueuedSchema, queued))).toBe(comment);
});

/** A client that keeps every byte of a streamed chat. */
function ask(port: number): { readonly socket: Socket; received: string } {
  const socket = connect(port, '127.0.0.1');
  const client = { socket, received: '' };
  socket.on('data', (bytes: Buffer) => (client.received += bytes.toString('utf8')));
  const body = '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}';
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  onTestFinished(() => void socket.destroy());
  return client;
}

it('a stream that waits says so every 10 s, once its headers are out', async () => {
  const clock = virtualClock();
  const gates: (() => void)[] = [];
  const node: Generate = async function* () {
    await new Promise<void>((open) => gates.push(open));
    yield delta({ text: 'one' });
    await new Promise<void>((open) => gates.push(open));
    yield done({ reason: 'stop' });
  };
  const cluster = createCluster({ clock, random: () => 0, concurrency: () => 1 });
  cluster.report('a', node, create(NodeStateSchema, { models: [{ name: 'm' }], slots: { total: 1, perRunner: 1 } }));
  const app = createHttpServer({ log: createLog({ service: 'test', level: 'error' }) });
  onTestFinished(() => app.close());
  const generate = dispatched(cluster, clock);
  const answer = createAnswer({ generate, clock, nextTicket: ticketMachine(), enter: () => () => {} });
  openaiFace(app, { answer, cluster, clock });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;

  ask(port);
  await vi.waitFor(() => expect(gates).toHaveLength(1));
  const waiting = ask(port);
  await vi.waitFor(() => expect(cluster.waiting).toBe(1));
  const comments = () => [...waiting.received.matchAll(/^: .*$/gm)].map(([line]) => line);
  await clock.advance(14_999);
  expect(waiting.received).toBe('');
  await clock.advance(1);
  await vi.waitFor(() => expect(comments()).toEqual([expect.stringMatching(/^: queued position=1/)]));
  await clock.advance(10_000);
  await vi.waitFor(() => expect(comments()).toHaveLength(2));
  const step = async (): Promise<void> => {
    gates.shift()!();
    await vi.waitFor(() => expect(gates).toHaveLength(1));
  };
  await step();
  await step();
  await clock.advance(10_000);
  await vi.waitFor(() => expect(comments().at(-1)).toBe(': working'));
  await step();
  await vi.waitFor(() => expect(waiting.received).toContain('"content":"one"'));
  await clock.advance(60_000);
  gates.shift()!();
  await vi.waitFor(() => expect(waiting.received).toContain('data: [DONE]'));
  expect(comments()).toHaveLength(3);
});

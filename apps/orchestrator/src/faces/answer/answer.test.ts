import { connect, type AddressInfo, type Socket } from 'node:net';
import { create } from '@bufbuild/protobuf';
import type { FastifyInstance } from 'fastify';
import { ClusterError, delta, done, ticketMachine, abortError, pause, type Generate } from '@tutti/core';
import { createCluster, dispatched, retried, type Cluster } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAnswer } from './answer.ts';
import { createHttpServer } from '../http/http-server.ts';
import { ollamaFace } from '../ollama/ollama.ts';

const state = create(NodeStateSchema, { models: [{ name: 'm' }], slots: { total: 1, perRunner: 1 } });

let app: FastifyInstance;
let clock: ReturnType<typeof virtualClock>;
let socket: Socket;
let received = '';
let cluster: Cluster;
let inside = 0;

const enter = (): (() => void) => {
  inside += 1;
  return () => void (inside -= 1);
};

beforeEach(() => {
  clock = virtualClock();
  received = '';
  inside = 0;
});

afterEach(async () => {
  socket.destroy();
  await app.close();
});

/** A face over nodes that the test scripts, and a client that keeps every byte it gets. */
async function chatWith(
  nodes: Record<string, Generate>,
  headers = '',
  { stream = true, longestStallMs = 30_000, paused = false } = {},
): Promise<void> {
  cluster = createCluster({ clock, random: () => 0 });
  for (const [name, generate] of Object.entries(nodes)) cluster.report(name, generate, state);
  const generate = retried({ clock, random: () => 0 }, dispatched(cluster, clock));
  app = createHttpServer({ log: createLog({ service: 'test', level: 'error' }) });
  const answer = createAnswer({ generate, clock, nextTicket: ticketMachine(), enter, longestStallMs });
  ollamaFace(app, { answer, cluster, clock, version: '0' });
  await app.listen({ host: '127.0.0.1', port: 0 });
  socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('data', (bytes: Buffer) => (received += bytes.toString('utf8')));
  if (paused) socket.pause();
  const body = `{"model":"m","stream":${stream},"messages":[{"role":"user","content":"hi"}]}`;
  socket.write(`POST /api/chat HTTP/1.1\r\nhost: localhost\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`);
}

/** A node that answers step by step, as the test opens its gates. */
function gated() {
  const gates: { open: () => void; fail: (error: ClusterError) => void }[] = [];
  let signal: AbortSignal | undefined;
  const gate = (): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    gates.push({ open: resolve, fail: reject });
    return promise;
  };
  const generate: Generate = async function* (_, context) {
    ({ signal } = context);
    await gate();
    yield delta({ text: 'one' });
    await gate();
    yield delta({ text: 'two' });
    yield done({ reason: 'stop', timings: {} });
  };
  const next = () => vi.waitFor(() => expect(gates[0]).toBeDefined()).then(() => gates.shift()!);
  return { generate, next, signal: () => signal };
}

const until = (pattern: RegExp): Promise<void> => vi.waitFor(() => expect(received).toMatch(pattern));
const broken = new ClusterError('upstream_error', 'it broke');

describe('the commit point', () => {
  it('no byte goes out before the first delta, so the call can move unnoticed up to there', async () => {
    const [a, b] = [gated(), gated()];
    await chatWith({ a: a.generate, b: b.generate });
    (await a.next()).fail(broken);
    const gate = await b.next();
    expect(received).toBe('');
    gate.open();
    await until(/"content":"one"/);
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*x-tutti-node: b\r\n[^]*x-tutti-attempts: 2\r\n/);
    expect(received).toMatch(/\r\nx-accel-buffering: no\r\n/);
    (await b.next()).open();
    await until(/"done":true/);
  });

  it('after the first byte of an answer the call never moves', async () => {
    const [a, b] = [gated(), gated()];
    await chatWith({ a: a.generate, b: b.generate });
    (await a.next()).open();
    await until(/"content":"one"/);
    (await a.next()).fail(broken);
    await until(/\{"error":"it broke"\}\n/);
    expect(b.signal()).toBeUndefined();
    await until(/0\r\n\r\n$/);
  });
});

describe('an error', () => {
  it('tells where it came from, and after how many attempts', async () => {
    const [a, b] = [gated(), gated()];
    await chatWith({ a: a.generate, b: b.generate });
    (await a.next()).fail(broken);
    (await b.next()).fail(new ClusterError('context_length_exceeded', 'too long'));
    await until(/\{"error":"too long"\}/);
    expect(received).toMatch(/^HTTP\/1\.1 400 [^]*x-tutti-node: b\r\n[^]*x-tutti-attempts: 2\r\n/);
  });

  it('that no node has to do with names none', async () => {
    await chatWith({}, 'x-tutti-privacy: any\r\n');
    await clock.advance(5_000);
    await until(/^HTTP\/1\.1 503 /);
    expect(received).toMatch(/x-tutti-model: m\r\n[^]*x-tutti-privacy: any\r\n/);
    expect(received).not.toContain('x-tutti-node');
  });
});

describe('an answer that is late', () => {
  it('sends its headers after 15 s without the node, which its last line tells', async () => {
    const a = gated();
    await chatWith({ a: a.generate });
    const gate = await a.next();
    await clock.advance(14_999);
    expect(received).toBe('');
    await clock.advance(1);
    await until(/^HTTP\/1\.1 200 OK/);
    expect(received).toContain('\r\nx-request-id: ');
    expect(received).not.toContain('x-tutti-node');
    gate.open();
    (await a.next()).open();
    await until(/"done":true/);
    expect(received).toMatch(/"tutti":\{"requestId":"[^"]+","node":"a"/);
  });

  it('tells an error in the stream once its headers are out', async () => {
    const a = gated();
    await chatWith({ a: a.generate });
    const gate = await a.next();
    await clock.advance(15_000);
    await until(/^HTTP\/1\.1 200 OK/);
    gate.fail(broken);
    await until(/\{"error":"it broke"\}\n/);
  });
});

it('a client that leaves while nothing has been sent aborts the call', async () => {
  const a = gated();
  await chatWith({ a: a.generate });
  await a.next();
  socket.destroy();
  await vi.waitFor(() => expect(a.signal()?.aborted).toBe(true));
});

describe('a client that does not read', () => {
  const wasTaken = (): boolean => cluster.nodes.some((node) => node.inFlight > 0);

  /** Answers without end, until the client's buffers are full. */
  async function stall(): Promise<{ produced: () => number; signal: () => AbortSignal | undefined }> {
    let produced = 0;
    let signal: AbortSignal | undefined;
    const endless: Generate = async function* (_, context) {
      ({ signal } = context);
      for (;;) {
        if (context.signal.aborted) return;
        produced += 1;
        yield delta({ text: 'x'.repeat(10_000) });
      }
    };
    await chatWith({ a: endless });
    socket.pause();
    let before = -1;
    await vi.waitFor(() => {
      const stalled = produced === before && produced > 0;
      before = produced;
      expect(stalled).toBe(true);
    });
    return { produced: () => produced, signal: () => signal };
  }

  it('holds the answer back', async () => {
    const { produced } = await stall();
    expect(produced()).toBeLessThan(2_000);
    expect(wasTaken()).toBe(true);
  });

  it('counts as gone after 30 s: its call ends and its slot is free', async () => {
    const { signal } = await stall();
    await clock.advance(30_000);
    await vi.waitFor(() => expect(signal()?.aborted).toBe(true));
    await vi.waitFor(() => expect(wasTaken()).toBe(false));
  });

  it('and leaves: its call ends and its slot is free', async () => {
    const { signal } = await stall();
    socket.destroy();
    await vi.waitFor(() => expect(signal()?.aborted).toBe(true));
    await vi.waitFor(() => expect(wasTaken()).toBe(false));
  });
});

it('a client that does not take the answer that came at once counts as gone', async () => {
  const large: Generate = async function* () {
    yield delta({ text: 'x'.repeat(20_000_000) });
    yield done({ reason: 'stop' });
  };
  await chatWith({ a: large }, '', { stream: false, longestStallMs: 100, paused: true });
  await vi.waitFor(() => expect(inside).toBe(1));
  await vi.waitFor(() => expect(inside).toBe(0), { timeout: 5_000 });
});

it('an answer that takes half an hour is ended, and says so', async () => {
  const slow: Generate = async function* (_, { signal }) {
    while (!signal.aborted) {
      yield delta({ text: 'one' });
      await pause(clock, 20_000, signal);
    }
    throw abortError(signal);
  };
  await chatWith({ a: slow });
  await until(/"content":"one"/);
  await clock.advance(30 * 60_000);
  await until(/\{"error":"No answer takes longer than 30 minutes\."\}\n/);
});

it('a request that is refused for its headers leaves nothing behind at the door', async () => {
  await chatWith({ a: gated().generate }, 'x-tutti-priority: urgent\r\n');
  await until(/^HTTP\/1\.1 400/);
  expect(inside).toBe(0);
});

it('a request counts as inside until its last byte is out', async () => {
  const a = gated();
  await chatWith({ a: a.generate });
  (await a.next()).open();
  await until(/"content":"one"/);
  expect(inside).toBe(1);
  (await a.next()).open();
  await until(/"done":true/);
  await vi.waitFor(() => expect(inside).toBe(0));
});

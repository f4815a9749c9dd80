import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { addService, createChannel, createClient, createServer, listen } from '@tutti/rpc';
import { systemClock as clock } from '@tutti/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSlots } from './admitted.ts';
import type { Backend } from '../backend.ts';
import { openOllama } from '../ollama/ollama.ts';
import { chatCall } from '../calls.fixture.ts';
import { agentService } from './service.ts';
import { createStateFeed } from './state-feed.ts';

const streams = 10_000;
const atOnce = 50;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const fakeFile = fileURLToPath(import.meta.resolve('@tutti/testing/fake-ollama'));
const fake = fork(fakeFile, ['--port', '0', '--models', 'm', '--token-delay-ms', '60000', '--parallel', '100'], {
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
let backend: Backend;

beforeAll(async () => {
  const [line] = (await once(fake.stdout!, 'data')) as [Buffer];
  backend = await openOllama({ llamaBaseUrl: (JSON.parse(line.toString('utf8')) as { url: string }).url });
});

afterAll(async () => {
  await backend.close();
  fake.kill();
});

it('10,000 cancelled streams leave heap, sockets, slots and listeners flat', async () => {
  const limits = { total: 100, perRunner: 100 };
  const slots = createSlots({ ...limits, clock, onChange: () => {} });
  const feed = createStateFeed({ backend, slots, limits, hardware: async () => ({}), bootId: 'b', clock });
  const standing = { check: () => {}, nudge: () => {} };
  const server = createServer();
  addService(server, AgentService, agentService({ generate: slots.admitted(backend.generate), feed, standing }));
  const port = await listen({ server, http: (_, response) => response.end(), host: '127.0.0.1', port: 0 });
  const channel = createChannel(`127.0.0.1:${port.port}`);
  const client = createClient(channel, AgentService, { deadlineMs: 60_000 });

  const cancelOne = async (): Promise<void> => {
    const controller = new AbortController();
    try {
      for await (const { chunks } of client.invoke(
        { call: chatCall('m', 'on and on') },
        { signal: controller.signal },
      )) {
        if (chunks.some(({ kind }) => kind.case === 'delta')) controller.abort();
      }
    } catch {
      expect(controller.signal.aborted).toBe(true);
    }
  };
  const cancelMany = async (count: number): Promise<void> => {
    const worker = async (): Promise<void> => {
      for (let i = 0; i < count / atOnce; i++) await cancelOne();
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await slots.idle();
    collectGarbage();
  };
  const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

  await cancelMany(1_000);
  const before = { heap: process.memoryUsage().heapUsed, sockets: sockets() };
  await cancelMany(streams);
  const after = { heap: process.memoryUsage().heapUsed, sockets: sockets() };

  expect([slots.busy, slots.waiting]).toEqual([0, 0]);
  expect(after.sockets).toBeLessThanOrEqual(before.sockets + atOnce);
  // 400 bytes a stream would be a leak that shows; the rest is what a garbage collection leaves behind.
  expect(after.heap - before.heap).toBeLessThan(streams * 400);

  channel.close();
  await port.close();
}, 120_000);

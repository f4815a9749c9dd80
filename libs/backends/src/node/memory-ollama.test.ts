import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { addService, createChannel, createClient, createServer, listen } from '@tutti/rpc';
import { pause } from '@tutti/core';
import { systemClock as clock } from '@tutti/runtime';
import { seededRandom, startFakeOllama, startFaultProxy, type FakeOllamaOptions } from '@tutti/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { callWith, chatCall } from '../calls.fixture.ts';
import { openOllama } from '../ollama/ollama.ts';
import { createNode } from './node.ts';

/** A node before a fake Ollama, called over gRPC. */
async function startRig(options: FakeOllamaOptions = {}, perRunner = 1) {
  const ollama = await startFakeOllama({
    models: ['a', 'b', { name: 'e', capabilities: ['embedding'] }],
    parallel: perRunner,
    ...options,
  });
  const backend = await openOllama({ llamaBaseUrl: ollama.url });
  const node = await createNode({
    backend,
    limits: { total: 8, perRunner },
    hardware: async () => ({ memoryTotalBytes: 2 ** 30 }),
    bootId: 'b',
    standing: { check() {}, nudge() {} },
    clock,
  });
  const server = createServer();
  addService(server, AgentService, node.agent);
  const port = await listen({ server, http: (_, response) => response.end(), host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    node.feed.close();
    port.destroy();
    await port.close();
    await backend.close();
    await ollama.close();
  });
  const clientAt = (at: number) => {
    const channel = createChannel(`127.0.0.1:${at}`);
    onTestFinished(() => channel.close());
    return createClient(channel, AgentService, { deadlineMs: 60_000 });
  };
  const client = clientAt(port.port);
  const ask = async (call: ReturnType<typeof chatCall>, evict: string[] = [], signal?: AbortSignal) => {
    const dispatch = { evict, owner: 'o' };
    const messages = await Array.fromAsync(client.invoke({ call, dispatch }, signal && { signal }));
    return messages.flatMap(({ chunks }) => chunks).map(({ kind }) => kind);
  };
  const state = async (): Promise<NodeState> => {
    const stop = new AbortController();
    for await (const now of node.feed.watch(stop.signal)) return now;
    throw new Error('The feed is closed.');
  };
  return { ollama, node, port, clientAt, client, ask, state };
}

const embed = (text: string) => callWith({ model: 'e', kind: { case: 'embed', value: { inputs: [text] } } });
const bodies = (requests: readonly { path: string; body: string }[], path: string) =>
  requests
    .filter((request) => request.path === path)
    .map(
      ({ body }) => JSON.parse(body) as { options?: Record<string, unknown>; input?: string[]; keep_alive?: number },
    );

describe('an agent before an Ollama', () => {
  it('loads once for many, and never again for another wish', async () => {
    const { ollama, ask, state } = await startRig({ loadMs: 50 }, 4);
    const wish = (preferred: number) => chatCall('a', 'hi', { numCtx: { preferred } });
    await Promise.all([ask(wish(8_000)), ask(wish(4_000)), ask(chatCall('a', 'hi'))]);
    await ask(wish(2_000));
    expect([ollama.loads, ollama.reloads]).toEqual([1, 0]);
    expect(ollama.runners).toMatchObject([{ model: 'a:latest', numCtx: 8_000 }]);
    expect(bodies(ollama.requests, '/api/chat').map(({ options }) => options?.['num_ctx'])).toEqual(
      Array(4).fill(8_000),
    );
    await expect.poll(async () => (await state()).runners).toMatchObject([{ contextLength: 8_000, optionsJson: '' }]);
    expect(await state()).toMatchObject({ modelMemoryBytes: 0.75 * 2 ** 30, maxRunners: 3, loading: '' });
  });

  it('takes out whom it is told to, then loads', async () => {
    const { ollama, ask } = await startRig({ maxLoadedModels: 1, loadMs: 20 });
    await ask(chatCall('a', 'hi'));
    const kinds = await ask(chatCall('b', 'hi'), ['a:latest']);
    expect(ollama.runners.map(({ model }) => model)).toEqual(['b:latest']);
    expect(ollama.evictions).toBe(0);
    const done = kinds.at(-1);
    expect(done?.case === 'done' && done.value.timings?.loadMs).toBeGreaterThan(0);
  });

  it('leaves an Ollama nothing to reload or to evict, whatever is asked at the same time', async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const random = seededRandom(seed);
      const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
      const models = ['a', 'b', 'e'];
      const { ollama, ask } = await startRig({ maxLoadedModels: 1, loadMs: 10, tokenDelayMs: 1, tokens: 3 }, 2);
      const one = async (): Promise<void> => {
        const model = pick(models);
        const numCtx = { min: pick([0, 0, 2_000, 6_000]), preferred: pick([0, 4_096, 8_192]) };
        const optionsJson = pick(['', '', '{"num_thread":2}']);
        const call = model === 'e' ? embed('text') : chatCall(model, 'hi', { numCtx, optionsJson });
        const evict = models.filter((other) => other !== model);
        for (;;) {
          const error: unknown = await ask(call, evict).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          if (!error) return;
          expect(error, `seed ${seed}`).toMatchObject({ reason: 'no_slot' });
          await pause(clock, 5, new AbortController().signal);
        }
      };
      const caller = async (): Promise<void> => {
        for (let i = 0; i < 6; i++) await one();
      };
      await Promise.all(Array.from({ length: 4 }, caller));
      expect([ollama.reloads, ollama.evictions], `seed ${seed}`).toEqual([0, 0]);
    }
  }, 60_000);

  it('joins the embeddings of several callers', async () => {
    const { ollama, ask, state } = await startRig({ loadMs: 20 });
    await ask(embed('warm'));
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(embed(`text ${i}`))));
    const requests = bodies(ollama.requests, '/api/embed').filter(({ input }) => input!.length > 0);
    expect(requests.length).toBeLessThan(10);
    expect(requests.flatMap(({ input }) => input)).toHaveLength(21);
    const vectors = answers.map((kinds) =>
      kinds.flatMap((kind) => (kind.case === 'delta' ? kind.value.embeddings : [])),
    );
    expect(new Set(vectors.map((own) => own[0]!.values.join())).size).toBe(20);
    expect((await state()).embedBatches).toMatchObject({ calls: 21, inputs: 21, requests: requests.length });
  });

  it('closes the socket of a cancelled call within 200 ms, also before the first token, and counts the zombie', async () => {
    const { ollama, ask, state } = await startRig({ firstTokenDelayMs: 60_000 });
    const controller = new AbortController();
    const call = ask(chatCall('a', 'hi'), [], controller.signal).catch(() => {});
    await ollama.whenRequest('/api/chat');
    const cancelledAt = performance.now();
    controller.abort();
    await ollama.whenAborted();
    expect(performance.now() - cancelledAt).toBeLessThan(1_000);
    await call;
    await expect.poll(async () => (await state()).slots).toMatchObject({ busy: 0, zombie: 1 });
    // The token behind it is in the fake's queue: what a short prompt may take decides.
    await expect.poll(async () => (await state()).slots?.zombie, { timeout: 5_000 }).toBe(0);
  });

  it('holds the slot of a cancelled call as long as the Ollama burns on it', async () => {
    const { ollama, ask, state } = await startRig({ prefillSpeed: 1_000, decodeSpeed: 1_000 });
    await ask(chatCall('a', 'hi'));
    const controller = new AbortController();
    ollama.fail('zombie', { delayMs: 700 });
    const call = ask(chatCall('a', 'word '.repeat(2_000)), [], controller.signal).catch(() => {});
    await ollama.whenRequest('/api/chat', 2);
    controller.abort();
    await call;
    await expect.poll(() => ollama.zombies).toBe(1);
    await expect.poll(async () => (await state()).slots).toMatchObject({ busy: 0, zombie: 1 });
    await expect.poll(async () => (await state()).slots?.zombie, { interval: 10 }).toBe(0);
    expect(ollama.zombies).toBe(0);
  });

  it('ends the calls of an orchestrator whose connection dies', async () => {
    const { ollama, port, clientAt } = await startRig({ tokenDelayMs: 50, tokens: Infinity });
    const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: port.port } });
    onTestFinished(() => proxy.close());
    const orphan = Array.fromAsync(clientAt(proxy.port).invoke({ call: chatCall('a', 'on and on') })).catch(() => {});
    await ollama.whenRequest('/api/chat');
    await proxy.close();
    await ollama.whenAborted();
    await orphan;
    expect(ollama.live).toBe(0);
  });

  it('loads and unloads by the verbs', async () => {
    const { ollama, node } = await startRig();
    const verb = (what: Verb, body: object) =>
      Array.fromAsync(
        node.models.verb(
          { verb: what, bodyJson: JSON.stringify(body) } as Parameters<typeof node.models.verb>[0],
          { signal: new AbortController().signal } as Parameters<typeof node.models.verb>[1],
        ),
      );
    const lines = (await verb(Verb.LOAD, { model: 'e' })).flatMap((message) => message.lines ?? []);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ status: 'success', num_ctx: 512, evicted: [] });
    expect(ollama.runners.map(({ model }) => model)).toEqual(['e:latest']);
    await verb(Verb.UNLOAD, { model: 'e' });
    expect(ollama.runners).toEqual([]);
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { Ollama, type ProgressResponse } from 'ollama';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  temporaryFolder,
  type Orchestrator,
} from './processes.ts';

let orchestrator: Orchestrator;
let fakes: FakeOllama[];
let client: Ollama;

/** The model that both nodes have; the second has an embedder besides. */
const shared = 'llama:1b';

/** Long enough for callers to meet while a model is pulled. */
const pullStepMs = 5;

beforeAll(async () => {
  const folders = [await temporaryFolder(), await temporaryFolder()];
  fakes = await Promise.all([
    startFakeOllama({ models: [shared], modelsFolder: folders[0]!, pullStepMs }),
    startFakeOllama({
      models: [shared, { name: 'embedder:latest', capabilities: ['embedding'] }],
      modelsFolder: folders[1]!,
      pullStepMs,
    }),
  ]);
  orchestrator = await startOrchestrator(['--auto-pull']);
  await Promise.all(
    fakes.map((fake, index) =>
      startAgent({
        name: `node${index}`,
        orchestrators: [orchestrator],
        ollamaUrl: fake.url,
        args: ['--ollama-models', folders[index]!],
      }),
    ),
  );
  await nodesReady(orchestrator, 2);
  client = new Ollama({ host: orchestrator.url });
});

afterAll(async () => {
  await stopAll();
  await Promise.all(fakes.map((fake) => fake.close()));
});

/** The official client, asking for a placement. */
const placing = (placement: string): Ollama =>
  new Ollama({ host: orchestrator.url, headers: { 'x-tutti-placement': placement } });

const namesAt = async (fake: FakeOllama): Promise<string[]> =>
  (await new Ollama({ host: fake.url }).list()).models.map(({ name }) => name);

const placesOf = async (name: string): Promise<boolean[]> =>
  Promise.all(fakes.map(async (fake) => (await namesAt(fake)).includes(name)));

const listed = async (name: string) => (await client.list()).models.find((model) => model.name === name);

interface Merged extends ProgressResponse {
  readonly tutti?: { readonly nodes: Readonly<Record<string, { status: string; completed?: number; error?: string }>> };
}

const progressOf = async (lines: AsyncIterable<ProgressResponse>): Promise<Merged[]> => Array.fromAsync(lines);

describe('the official client, as with one Ollama', () => {
  it('pulls a model to one node, and finds it at once', async () => {
    const lines = await progressOf(await client.pull({ model: 'alpha:1b', stream: true }));
    expect(lines.map(({ status }) => status)).toEqual(
      expect.arrayContaining(['pulling manifest', 'verifying sha256 digest', 'success']),
    );
    expect(lines.at(-1)).toEqual({ status: 'success' });
    expect(await listed('alpha:1b')).toMatchObject({ tutti: { nodes: [expect.stringMatching(/^node\d$/)] } });
    expect((await placesOf('alpha:1b')).filter(Boolean)).toHaveLength(1);
    expect((await client.generate({ model: 'alpha:1b', prompt: 'hi' })).response).not.toBe('');
  });

  it('pulls without a stream', async () => {
    expect(await client.pull({ model: 'beta:1b' })).toEqual({ status: 'success' });
  });

  it("hears in Ollama's words of a model that no registry has", async () => {
    const error = 'pull model manifest: file does not exist';
    await expect(client.pull({ model: 'unknown:1b' })).rejects.toMatchObject({ error, status_code: 500 });
    await expect(progressOf(await client.pull({ model: 'unknown:1b', stream: true }))).rejects.toThrow(error);
  });

  it('shows, copies, pushes and deletes', async () => {
    expect((await client.show({ model: shared })).capabilities).toEqual(['completion']);
    expect(await client.copy({ source: shared, destination: 'twin:1b' })).toEqual({ status: 'success' });
    expect(await placesOf('twin:1b')).toEqual([true, true]);
    expect((await listed('twin:1b'))?.digest).toBe((await listed(shared))?.digest);
    const lines = await progressOf(await client.push({ model: 'twin:1b', stream: true }));
    expect(lines.some(({ digest, total, completed }) => digest && total === completed)).toBe(true);
    expect(lines.at(-1)?.status).toBe('success');
    expect(fakes.flatMap(({ requests }) => requests).filter(({ path }) => path === '/api/push')).toHaveLength(1);
    expect(await client.delete({ model: 'twin:1b' })).toEqual({ status: 'success' });
    expect(await placesOf('twin:1b')).toEqual([false, false]);
    expect(await listed('twin:1b')).toBeUndefined();
    await expect(client.delete({ model: 'twin:1b' })).rejects.toMatchObject({ status_code: 404 });
  });

  it('embeds, and sees what is in memory', async () => {
    expect((await client.embed({ model: 'embedder', input: 'sky' })).embeddings[0]).toHaveLength(384);
    expect((await client.embeddings({ model: 'embedder', prompt: 'sky' })).embedding).toHaveLength(384);
    const runner = await eventually(
      async () => (await client.ps()).models.find(({ name }) => name === 'embedder:latest'),
      'embedder in /api/ps',
    );
    expect(runner).toMatchObject({ tutti: { nodes: ['node1'] } });
  });
});

describe('placement', () => {
  it('pulls to several nodes with one progress, the sum of theirs', async () => {
    const lines = await progressOf(await placing('all').pull({ model: 'gamma:1b', stream: true }));
    expect(await placesOf('gamma:1b')).toEqual([true, true]);
    expect(lines.filter(({ status }) => status === 'pulling manifest')).toHaveLength(1);
    expect(lines.some(({ total, completed }) => total === 2_000_000 && completed === total)).toBe(true);
    expect(lines.at(-1)).toEqual({
      status: 'success',
      tutti: { nodes: { node0: { status: 'success' }, node1: { status: 'success' } } },
    });
    expect(await listed('gamma:1b')).toMatchObject({ tutti: { nodes: ['node0', 'node1'] } });
  });

  it('goes on where one node fails, and tells which', async () => {
    const heal = fakes[0]!.fail('http500', { path: '/api/pull', message: 'no space left on device' });
    const lines = await progressOf(await placing('node0,node1').pull({ model: 'delta:1b', stream: true }));
    heal();
    expect(lines.at(-1)).toMatchObject({
      status: 'success',
      tutti: { nodes: { node0: { status: 'failed', error: 'no space left on device' }, node1: { status: 'success' } } },
    });
    expect(await placesOf('delta:1b')).toEqual([false, true]);
  });

  it('is refused if it cannot be kept', async () => {
    await expect(placing('3').pull({ model: 'm' })).rejects.toMatchObject({ status_code: 503 });
    await expect(placing('nowhere').pull({ model: 'm' })).rejects.toMatchObject({ status_code: 503 });
    await expect(placing('0').pull({ model: 'm' })).rejects.toMatchObject({ status_code: 400 });
  });
});

/** A file that a model is made of, and its digest. */
function blobOf(bytes: number) {
  const content = randomBytes(bytes);
  return { content, digest: `sha256:${createHash('sha256').update(content).digest('hex')}` };
}

const blob = (digest: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${orchestrator.url}/api/blobs/${digest}`, init);

describe('files of models', () => {
  it('are sent, found, and not taken twice', async () => {
    const { content, digest } = blobOf(3_000_000);
    expect((await blob(digest, { method: 'HEAD' })).status).toBe(404);
    expect((await blob(digest, { method: 'POST', body: content })).status).toBe(201);
    expect((await blob(digest, { method: 'HEAD' })).status).toBe(200);
    expect((await blob(digest, { method: 'POST', body: content })).status).toBe(200);
  });

  it("are refused in Ollama's words if they are not what they are called", async () => {
    const { digest } = blobOf(10);
    const other = blobOf(70_000);
    const refused = await blob(digest, { method: 'POST', body: other.content });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({
      error: `digest mismatch, expected "${digest}", got "${other.digest}"`,
    });
    const malformed = await blob('sha256:12', { method: 'POST', body: 'x' });
    expect([malformed.status, await malformed.json()]).toEqual([400, { error: 'invalid digest format' }]);
  });

  it('go where a model is made of them, from node to node if need be', async () => {
    const { content, digest } = blobOf(1_000_000);
    const sent = await blob(digest, { method: 'POST', body: content, headers: { 'x-tutti-node': 'node0' } });
    expect([sent.status, sent.headers.get('x-tutti-node')]).toEqual([201, 'node0']);
    const request = { model: 'mine:1b', files: { 'model.gguf': digest }, stream: true } as const;
    const lines = await progressOf(await placing('all').create(request as never));
    expect(lines.map(({ status }) => status)).toContain(`copying ${digest.slice(7, 19)} from node0`);
    expect(lines.at(-1)?.status).toBe('success');
    expect(await placesOf('mine:1b')).toEqual([true, true]);
    const uploads = fakes[1]!.requests.filter(({ method, path }) => method === 'POST' && path.endsWith(digest));
    expect(uploads).toHaveLength(1);
  });

  it('make a model without a placement where they are', async () => {
    const { content, digest } = blobOf(1_000);
    await blob(digest, { method: 'POST', body: content, headers: { 'x-tutti-node': 'node1' } });
    const request = { model: 'here:1b', files: { 'model.gguf': digest } };
    expect(await client.create(request as never)).toEqual({ status: 'success' });
    expect(await placesOf('here:1b')).toEqual([false, true]);
    expect((await client.show({ model: 'here:1b' })).capabilities).toEqual(['completion']);
  });

  it('go to several nodes at once', async () => {
    const { content, digest } = blobOf(2_000_000);
    const sent = await blob(digest, { method: 'POST', body: content, headers: { 'x-tutti-placement': 'all' } });
    expect([sent.status, sent.headers.get('x-tutti-node')]).toEqual([201, 'node0,node1']);
    for (const fake of fakes) {
      expect((await fetch(`${fake.url}/api/blobs/${digest}`, { method: 'HEAD' })).status).toBe(200);
    }
  });

  it('come from a node that has the model before the registry is asked', async () => {
    const { content, digest } = blobOf(500_000);
    await blob(digest, { method: 'POST', body: content, headers: { 'x-tutti-node': 'node0' } });
    await placing('node0').create({ model: 'near:1b', files: { 'model.gguf': digest } } as never);
    const before = fakes[1]!.requests.length;
    const lines = await progressOf(await placing('node1').pull({ model: 'near:1b', stream: true }));
    expect(lines[0]?.status).toBe(`copying ${digest.slice(7, 19)} from node0`);
    const asked = fakes[1]!.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
    const copied = asked.indexOf(`POST /api/blobs/${digest}`);
    expect(copied).toBeGreaterThanOrEqual(0);
    expect(copied).toBeLessThan(asked.indexOf('POST /api/pull'));
  });

  it('are no help where a model is made from another one: it is made where that is', async () => {
    await client.copy({ source: shared, destination: 'named:1b' });
    await placing('node1').pull({ model: 'base:1b' });
    expect(await client.create({ model: 'named:1b', from: 'base:1b' })).toEqual({ status: 'success' });
    const pulls = fakes[0]!.requests.filter(({ path, body }) => path === '/api/create' && body.includes('named:1b'));
    expect(pulls).toEqual([]);
  });

  it('are not there: Ollama says so', async () => {
    const request = { model: 'never:1b', files: { 'model.gguf': blobOf(1).digest } };
    await expect(client.create(request as never)).rejects.toMatchObject({ status_code: 500 });
  });
});

describe('autoPull', () => {
  it('pulls what no node has, once for all who wait', async () => {
    const messages = [{ role: 'user', content: 'hello' }];
    const answers = await Promise.all([1, 2, 3].map(() => client.chat({ model: 'wanted:1b', messages })));
    expect(answers.map(({ done }) => done)).toEqual([true, true, true]);
    const pulls = fakes.flatMap(({ requests }) => requests).filter(({ body }) => body.includes('wanted:1b'));
    expect(pulls.filter(({ path }) => path === '/api/pull')).toHaveLength(1);
  });

  it('tells what came of it if it cannot', async () => {
    await expect(client.chat({ model: 'unknown:7b', messages: [] })).rejects.toMatchObject({
      status_code: 404,
      error: expect.stringContaining('pull model manifest: file does not exist'),
    });
  });
});

describe('a model by its digest', () => {
  it('answers if it is there, and nothing else does', async () => {
    const { digest } = (await listed(shared))!;
    const { response } = await client.generate({ model: `${shared}@sha256:${digest}`, prompt: 'hi' });
    expect(response).not.toBe('');
    const other = client.generate({ model: `${shared}@sha256:${'0'.repeat(64)}`, prompt: 'hi' });
    await expect(other).rejects.toMatchObject({ status_code: 404 });
  });
});

describe('the streaming chat', () => {
  it('is server-sent events: progress, the lines of a chat, the end', async () => {
    const response = await fetch(`${orchestrator.url}/api/chat/stream`, {
      method: 'POST',
      body: JSON.stringify({ model: shared, messages: [{ role: 'user', content: 'hello' }], stream: false }),
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const events = (await response.text()).trimEnd().split('\n\n');
    expect(events.some((event) => /^event: progress\ndata: \{"stage":"dispatched","node":"node\d"/.test(event))).toBe(
      true,
    );
    const lines = events.filter((event) => event.startsWith('data: ')).map((event) => JSON.parse(event.slice(6)));
    expect(lines.map(({ done }) => done)).toEqual([...lines.slice(1).map(() => false), true]);
    expect(lines.map(({ message }) => message.content).join('')).not.toBe('');
  });

  it('ends with an error event if the answer breaks off', async () => {
    const heal = fakes.map((fake) =>
      fake.fail('errorLine', { times: Infinity, afterTokens: 2, message: 'out of memory' }),
    );
    const response = await fetch(`${orchestrator.url}/api/chat/stream`, {
      method: 'POST',
      body: JSON.stringify({ model: shared, messages: [{ role: 'user', content: 'one two three four five' }] }),
    });
    const events = (await response.text()).trimEnd().split('\n\n');
    for (const undo of heal) undo();
    expect(response.status).toBe(200);
    expect(events.at(-1)).toMatch(/^event: error\ndata: \{"error":"out of memory"\}$/);
    expect(events.filter((event) => event.startsWith('event: error'))).toHaveLength(1);
  });

  it('hears of what is wrong before it begins as an ordinary error', async () => {
    const response = await fetch(`${orchestrator.url}/api/chat/stream`, { method: 'POST', body: '' });
    expect([response.status, await response.json()]).toEqual([400, { error: 'missing request body' }]);
  });
});

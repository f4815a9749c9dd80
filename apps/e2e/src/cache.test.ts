import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { nodesReady, startAgent, startOrchestrator, stopAll, temporaryFolder, type Orchestrator } from './processes.ts';
import { messages, model } from './rig.ts';

let fake: FakeOllama;

afterEach(async () => {
  await stopAll();
  await fake.close();
});

const sure = { model, messages, options: { temperature: 0 } };

async function start(args: readonly string[] = []): Promise<Orchestrator> {
  const orchestrator = await startOrchestrator(args);
  await startAgent({ name: 'a', orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
  return orchestrator;
}

async function post({ url }: Orchestrator, path: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, { method: 'POST', body: JSON.stringify(body), headers });
  return { text: await response.text(), header: (name: string) => response.headers.get(name) };
}

const chats = (): number => fake.requests.filter(({ path }) => path === '/api/chat').length;

describe('an answer that the model would repeat', () => {
  it('is given again without the model, in the words of each face, until the model is another', async () => {
    fake = await startFakeOllama({ models: [model], tokens: 20 });
    const orchestrator = await start();
    const first = await post(orchestrator, '/api/chat', sure);
    const again = await post(orchestrator, '/api/chat', sure);
    expect([first.header('x-tutti-cache'), again.header('x-tutti-cache')]).toEqual(['miss', 'hit']);
    const whole = await post(orchestrator, '/api/chat', { ...sure, stream: false });
    expect(whole.header('x-tutti-cache')).toBe('hit');
    const said = again.text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { message: { content: string } }).message.content);
    expect(said.length).toBeGreaterThan(1);
    expect((JSON.parse(whole.text) as { message: { content: string } }).message.content).toBe(said.join(''));
    expect(chats()).toBe(1);
    const stats = await (await fetch(`${orchestrator.url}/api/performance/cache/stats`)).json();
    expect(stats).toMatchObject({ hits: 2, misses: 1, bypassed: 0, entries: 1, hitRate: 2 / 3, evicted: 0 });
    expect((stats as { savedTokens: number }).savedTokens).toBeGreaterThan(40);
    await post(orchestrator, '/api/chat', sure, { 'x-tutti-cache': 'bypass' });
    expect(chats()).toBe(2);
  });

  it('outlives the process, if that is configured', async () => {
    fake = await startFakeOllama({ models: [model] });
    const args = ['--data-folder', await temporaryFolder(), '--cache-persist'];
    const before = await start(args);
    await post(before, '/api/chat', sure);
    before.kill('SIGTERM');
    expect(await before.exited).toBe(0);
    const after = await start(args);
    expect((await post(after, '/api/chat', sure)).header('x-tutti-cache')).toBe('hit');
    expect(chats()).toBe(1);
  });
});

it('a request that comes again with its Idempotency-Key is answered once', async () => {
  fake = await startFakeOllama({ models: [model], tokens: 50, tokenDelayMs: 5 });
  const orchestrator = await start();
  const key = { 'idempotency-key': 'order-1' };
  const answers = await Promise.all(
    [1, 2, 3].map(() => post(orchestrator, '/v1/chat/completions', { model, messages, stream: true }, key)),
  );
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers.filter(({ header }) => header('idempotent-replayed') === 'true')).toHaveLength(2);
  expect(chats()).toBe(1);
});

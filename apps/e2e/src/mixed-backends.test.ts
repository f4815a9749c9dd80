import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFakeOllama, startFakeOpenai, type FakeOllama, type FakeOpenai } from '@tutti/testing';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  eventually,
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  temporaryFolder,
  type Orchestrator,
} from './processes.ts';

const apiKey = 'sk-fake-of-the-server';
/** Both kinds of node have it. */
const shared = 'both:1b';
/** Only the server with OpenAI's API has it. */
const served = 'org/served-model';
/** Only the one on the internet has it, as far as the cluster knows. */
const distant = 'distant';
const messages = [{ role: 'user' as const, content: 'hello out there' }];

let ollamaServer: FakeOllama;
let openaiServer: FakeOpenai;
let cloudServer: FakeOpenai;
let orchestrator: Orchestrator;
let ollama: Ollama;
let openai: OpenAI;
let takeBack = (): void => {};

beforeAll(async () => {
  ollamaServer = await startFakeOllama({ models: [shared], answer: () => 'from an Ollama' });
  openaiServer = await startFakeOpenai({ models: [shared, served], apiKey, answer });
  cloudServer = await startFakeOpenai({ models: [distant] });
  const file = join(await temporaryFolder(), 'tutti.yaml');
  const nodes = [
    { name: 'static', kind: 'openai', url: openaiServer.url, apiKey },
    { name: 'cloud', kind: 'openai', url: cloudServer.url, trust: 'cloud' },
  ];
  await writeFile(file, JSON.stringify({ nodes }));
  orchestrator = await startOrchestrator(['--config', file]);
  await startAgent({ name: 'box', orchestrators: [orchestrator], ollamaUrl: ollamaServer.url });
  await nodesReady(orchestrator, 3);
  ollama = new Ollama({ host: orchestrator.url });
  openai = new OpenAI({ baseURL: `${orchestrator.url}/v1`, apiKey: 'any', maxRetries: 0 });
});

afterEach(() => takeBack());

afterAll(async () => {
  await stopAll();
  await Promise.all([ollamaServer, openaiServer, cloudServer].map((server) => server?.close()));
});

const answer = (prompt: string): string => (prompt.includes('count') ? 'one two three four' : 'from the server');

const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(orchestrator.url + path, { method: 'POST', body: JSON.stringify(body), headers });

describe('a node with a server of another API', () => {
  it('is listed in every face with its models', async () => {
    const { models } = await ollama.list();
    expect(models.map(({ name }) => name)).toEqual(expect.arrayContaining([shared, served]));
    expect(models.map(({ digest }) => digest)).toEqual(
      models.map(() => expect.stringMatching(/^[\da-f]{12}/) as string),
    );
    expect(await ollama.show({ model: served })).toMatchObject({ model_info: { 'general.architecture': 'unknown' } });
    const ids = (await openai.models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([shared, served]));
    const node = (await (await fetch(`${orchestrator.url}/api/nodes/static`)).json()) as object;
    expect(node).toMatchObject({ kind: 'openai', backend: 'openai', status: 'READY', slots: { total: 4 } });
  });

  it("answers Ollama's clients and OpenAI's with the same words and the same counts", async () => {
    const counted = [{ role: 'user' as const, content: 'count for me' }];
    const plain = await ollama.chat({ model: served, messages: counted });
    const chat = await openai.chat.completions.create({ model: served, messages: counted });
    expect(plain.message.content).toBe('one two three four');
    expect(chat.choices[0]?.message.content).toBe('one two three four');
    expect([plain.prompt_eval_count, plain.eval_count, plain.done_reason]).toEqual([8, 4, 'stop']);
    expect(chat.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 4 });
    expect(JSON.parse(openaiServer.requests.at(-1)!.body)).toMatchObject({ model: served });
  });

  it('streams, stops at a limit, and calls tools', async () => {
    let text = '';
    let last;
    const options = { num_predict: 2, num_thread: 3, top_k: 5 };
    for await (const part of await ollama.chat({ model: served, messages, options, stream: true })) {
      text += part.message.content;
      last = part;
    }
    expect([text, last?.done_reason, last?.eval_count]).toEqual(['from the', 'length', 2]);
    const { body } = openaiServer.requests.findLast(({ path }) => path === '/v1/chat/completions')!;
    expect(JSON.parse(body)).toMatchObject({ max_tokens: 2, top_k: 5 });
    expect(body).not.toContain('num_thread');

    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } }];
    const asked = [{ role: 'user' as const, content: 'call:weather' }];
    const { message } = await ollama.chat({ model: served, messages: asked, tools });
    expect(message.tool_calls?.[0]?.function).toMatchObject({ name: 'weather', arguments: { city: 'Paris' } });
    const chat = await openai.chat.completions.create({ model: served, messages: asked, tools });
    expect(chat.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'weather', arguments: '{"city":"Paris"}' } }] },
    });
  });

  it('embeds and keeps to a schema in both faces', async () => {
    const { embeddings } = await ollama.embed({ model: served, input: ['a', 'b'] });
    const made = await openai.embeddings.create({ model: served, input: ['a', 'b'], encoding_format: 'float' });
    expect(made.data.map(({ embedding }) => embedding)).toEqual(embeddings);
    const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
    const { message } = await ollama.chat({ model: served, messages, format: schema });
    expect(JSON.parse(message.content)).toEqual({ name: 'x' });
  });

  it('generates by the template of the model, and as it is told to', async () => {
    const answer = await ollama.generate({ model: served, prompt: 'say', system: 'Be brief.' });
    expect(answer.response).toBe('from the server');
    expect(JSON.parse(openaiServer.requests.at(-1)!.body)).toMatchObject({
      messages: [{ role: 'system' }, { role: 'user', content: 'say' }],
    });
    await ollama.generate({ model: served, prompt: 'say', raw: true });
    expect(openaiServer.requests.at(-1)).toMatchObject({ path: '/v1/completions' });
    const refused = await post('/api/generate', { model: served, prompt: 'say', template: '{{ .Prompt }}' });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('template')]);
  });

  it('takes over from an Ollama, and gives over to one', async () => {
    takeBack = ollamaServer.fail('http500', { times: Infinity, afterTokens: 0 });
    expect((await ollama.chat({ model: shared, messages })).message.content).toBe('from the server');
    takeBack();
    takeBack = openaiServer.fail('http500', { times: Infinity, afterTokens: 0 });
    expect((await ollama.chat({ model: shared, messages })).message.content).toBe('from an Ollama');
  });

  it('has its request closed as soon as the client is gone', async () => {
    const before = openaiServer.aborted;
    takeBack = openaiServer.fail('hangMidStream', { times: 1 });
    const client = new AbortController();
    const response = await fetch(`${orchestrator.url}/api/chat`, {
      method: 'POST',
      body: JSON.stringify({ model: served, messages }),
      signal: client.signal,
    });
    await response.body!.getReader().read();
    client.abort();
    await openaiServer.whenAborted(before + 1);
  });

  const statusOf = async (name: string): Promise<string> => {
    const node = (await (await fetch(`${orchestrator.url}/api/nodes/${name}`)).json()) as Record<string, string>;
    return `${node['status']} ${node['problem']}`;
  };

  const recovered = async (): Promise<void> => {
    takeBack();
    await eventually(async () => (await post('/api/chat', { model: served, messages })).ok, 'an answer again', 60_000);
  };

  it.each(['http500', 'busy', 'rateLimited', 'noKey', 'garbage', 'endWithoutDone', 'halfLine', 'errorEvent'] as const)(
    'that fails (%s) tells so in the words of each face',
    async (fault) => {
      takeBack = openaiServer.fail(fault, { times: Infinity, afterTokens: 0 });
      const headers = { 'x-tutti-node': 'static' };
      const inOllama = await post('/api/chat', { model: served, messages, stream: false }, headers);
      expect(inOllama.status).toBeGreaterThanOrEqual(500);
      expect(await inOllama.json()).toEqual({ error: expect.stringMatching(/\S/) as string });
      const inOpenai = await post('/v1/chat/completions', { model: served, messages }, headers);
      expect(inOpenai.status).toBeGreaterThanOrEqual(500);
      const text = await inOpenai.text();
      expect(JSON.parse(text)).toMatchObject({ error: { message: expect.stringMatching(/\S/) as string } });
      expect(text).not.toContain(apiKey);
      if (fault === 'noKey') {
        expect(text).toContain("The backend refuses this node's API key");
        await eventually(
          async () => (await statusOf('static')).startsWith('UNHEALTHY The backend refuses'),
          'a problem',
        );
        const others = await post('/api/chat', { model: shared, messages, stream: false });
        expect([others.status, others.headers.get('x-tutti-node')]).toEqual([200, 'box']);
      }
      await recovered();
    },
    90_000,
  );

  it.each(['halfLine', 'longLine', 'endWithoutDone', 'errorEvent', 'reset'] as const)(
    'that fails in the middle of an answer (%s) ends it with an error, never in silence',
    async (fault) => {
      takeBack = openaiServer.fail(fault, { times: Infinity, afterTokens: 2 });
      const inOllama = await post('/api/chat', { model: served, messages });
      const lines = (await inOllama.text()).trimEnd().split('\n');
      expect(inOllama.status).toBe(200);
      expect(lines[0]).toContain('"message"');
      expect(JSON.parse(lines.at(-1)!)).toEqual({ error: expect.stringMatching(/\S/) as string });
      const inOpenai = await post('/v1/chat/completions', { model: served, messages, stream: true });
      const events = (await inOpenai.text()).trimEnd().split('\n\n');
      expect(events[0]).toContain('"role":"assistant"');
      expect(events.at(-1)).toMatch(/^data: \{"error":\{"message":"/);
      await recovered();
    },
    90_000,
  );

  it('may stand behind an agent as well', async () => {
    const server = await startFakeOpenai({
      models: ['far'],
      apiKey,
      answer,
      llamaServer: { slots: 2, contextLength: 512 },
    });
    const args = ['--openai-base-url', server.url, '--openai-api-key', apiKey];
    const agent = await startAgent({ name: 'rack', orchestrators: [orchestrator], backend: 'openai', args });
    await nodesReady(orchestrator, 4);
    expect((await ollama.chat({ model: 'far', messages })).message.content).toBe('from the server');
    expect(await (await fetch(`${orchestrator.url}/api/nodes/rack`)).json()).toMatchObject({
      ...{ kind: 'agent', backend: 'openai', backendVersion: 'b1-fake' },
      runners: [{ model: 'far', contextLength: 512 }],
    });
    const long = [{ role: 'user' as const, content: 'word '.repeat(2_000) }];
    await expect(openai.chat.completions.create({ model: 'far', messages: long })).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
    });
    agent.kill('SIGTERM');
    await agent.exited;
    expect(agent.log()).not.toContain(apiKey);
    await server.close();
  });

  it('whose server goes away is missed by nobody who can be served elsewhere, and comes back', async () => {
    await openaiServer.close();
    expect((await ollama.chat({ model: shared, messages })).message.content).toBe('from an Ollama');
    const status = async () =>
      ((await (await fetch(`${orchestrator.url}/api/nodes/static`)).json()) as { status: string }).status;
    await eventually(async () => (await status()) === 'UNHEALTHY', 'an unhealthy node');
    openaiServer = await startFakeOpenai({ models: [shared, served], apiKey, answer, port: openaiServer.port });
    await eventually(async () => (await status()) === 'READY', 'a ready node');
    await eventually(async () => (await post('/api/chat', { model: served, messages })).ok, 'an answer again', 60_000);
  }, 90_000);

  it('on the internet answers only who allows it', async () => {
    const refused = await post('/api/chat', { model: distant, messages, stream: false });
    expect(refused.ok).toBe(false);
    expect(cloudServer.requests.some(({ method }) => method === 'POST')).toBe(false);
    const allowed = await post('/api/chat', { model: distant, messages, stream: false }, { 'x-tutti-privacy': 'any' });
    expect(allowed.status).toBe(200);
  });

  it('never shows its key', async () => {
    const pages = ['/admin/config', '/api/nodes', '/api/nodes/static', '/metrics', '/api/logs', '/admin/health'];
    const texts = await Promise.all(pages.map(async (page) => (await fetch(orchestrator.url + page)).text()));
    expect([...texts, orchestrator.log()].join('\n')).not.toContain(apiKey);
    expect(texts[0]).toContain('***');
  });
});

import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

const long = 'go on for long';

let rig: Rig;

beforeAll(async () => {
  const answer = (prompt: string): string => (prompt.includes(long) ? 'word '.repeat(25) : 'hello');
  rig = await startRig({ answer, tokenDelayMs: 20 });
});
afterAll(() => rig.stop());

const routes = [
  ['/api/chat', { messages }],
  ['/api/chat', { messages, stream: false }],
  ['/api/generate', { prompt: 'hi' }],
  ['/api/embed', { input: 'hi' }],
  ['/api/embeddings', { prompt: 'hi' }],
  ['/v1/chat/completions', { messages }],
  ['/v1/chat/completions', { messages, stream: true }],
  ['/v1/completions', { prompt: 'hi' }],
  ['/v1/embeddings', { input: 'hi' }],
  ['/v1/responses', { input: 'hi' }],
  ['/v1/messages', { messages, max_tokens: 9 }],
  ['/v1/messages', { messages, max_tokens: 9, stream: true }],
] as const;

describe('each route that asks a model', () => {
  it.each(routes)('%s %j tells where its answer comes from', async (path, body) => {
    const { status, headers, text } = await sent(path, { model, ...body });
    expect([status, text]).toEqual([200, expect.stringContaining('"tutti":{"requestId":"')]);
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-request-id': expect.stringMatching(/^[\w-]+$/) as string,
      'x-tutti-node': expect.stringMatching(/^node[01]$/) as string,
      'x-tutti-model': model,
      'x-tutti-route': expect.stringMatching(/./) as string,
      'x-tutti-queue-ms': expect.stringMatching(/^\d+\.\d$/) as string,
      'x-tutti-attempts': '1',
      'x-tutti-cache': expect.stringMatching(/^(hit|miss|bypass)$/) as string,
      'x-tutti-privacy': 'cluster',
    });
  });
});

describe('a streaming chat that waits', () => {
  it('hears its place in the queue, then its node, then the answer', async () => {
    const calls = Array.from({ length: 8 }, () => rig.ollama.generate({ model, prompt: long }));
    await eventually(async () => (await waiting()) > 0 || undefined, 'a call that waits');
    const { text } = await sent('/api/chat/stream', { model, messages });
    await Promise.all(calls);
    const events = text.split('\n\n');
    expect(events[0]).toMatch(/^event: progress\ndata: \{"stage":"queued","position":\d/);
    expect(events.join('\n\n')).toMatch(/"stage":"dispatched","node":"node[01]"[^]*"content":"hello"[^]*"done":true/);
  });
});

it('a client that half-closes its socket while it waits never gets to a node', async () => {
  const calls = Array.from({ length: 8 }, () => rig.ollama.generate({ model, prompt: long }));
  await eventually(async () => (await waiting()) > 0 || undefined, 'a call that waits');
  const body = JSON.stringify({ model, prompt: 'never sent' });
  const socket = connect(rig.orchestrator.facts.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.end(`POST /api/generate HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  // What comes later is answered later.
  await Promise.all([...calls, rig.ollama.generate({ model, prompt: 'the last' })]);
  const prompts = rig.fakes.flatMap((fake) => fake.requests.map((request) => request.body));
  expect(prompts.filter((prompt) => prompt.includes('the last'))).toHaveLength(1);
  expect(prompts.filter((prompt) => prompt.includes('never sent'))).toEqual([]);
});

async function waiting(): Promise<number> {
  return ((await (await fetch(`${rig.orchestrator.url}/health`)).json()) as { waiting: number }).waiting;
}

async function sent(path: string, body: object) {
  const response = await rig.post(path, body, { headers: { 'x-tutti-cache': 'bypass' } });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

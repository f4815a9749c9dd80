import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { eventually } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;

afterEach(() => rig.stop());

const streamChat = (): Promise<string> =>
  rig.post('/api/chat', { model, messages }).then((response) => response.text());

const lastLine = (text: string): Record<string, unknown> =>
  JSON.parse(text.trimEnd().split('\n').at(-1)!) as Record<string, unknown>;

it('an orchestrator that is told to stop finishes what runs, and takes nothing new', async () => {
  rig = await startRig({ tokenDelayMs: 10, tokens: 100 });
  const running = streamChat();
  await rig.busyIndex();
  rig.orchestrator.kill('SIGTERM');
  const refused = await eventually(async () => {
    const response = await rig.post('/api/chat', { model, messages }).catch(() => undefined);
    return response === undefined || response.status === 503 ? (response?.status ?? 'no connection') : undefined;
  }, 'a refusal');
  expect([503, 'no connection']).toContain(refused);
  expect(lastLine(await running)).toMatchObject({ done: true });
  expect(await rig.orchestrator.exited).toBe(0);
});

it('what still runs when the grace is over ends with an error in the stream', async () => {
  rig = await startRig({ tokenDelayMs: 10, tokens: Infinity, orchestratorArgs: ['--shutdown-grace-ms', '300'] });
  const running = streamChat();
  await rig.busyIndex();
  rig.orchestrator.kill('SIGTERM');
  expect(lastLine(await running)).toEqual({ error: expect.stringContaining('shutting down') as string });
  expect(await rig.orchestrator.exited).toBe(0);
  await eventually(() => rig.fakes.every((fake) => fake.live === 0) || undefined, 'idle backends');
});

it('connections that ask for nothing do not hold it up', async () => {
  rig = await startRig();
  const { port } = rig.orchestrator.facts;
  const silent = connect(port, '127.0.0.1');
  const half = connect(port, '127.0.0.1');
  for (const socket of [silent, half]) socket.on('error', () => {});
  await Promise.all([once(silent, 'connect'), once(half, 'connect')]);
  half.write('POST /api/chat HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
  expect((await rig.post('/api/chat', { model, messages }, { headers: { 'x-tutti-priority': 'bad' } })).status).toBe(
    400,
  );
  rig.orchestrator.kill('SIGTERM');
  expect(await rig.orchestrator.exited).toBe(0);
});

it('somebody who follows the log does not hold it up (check 33)', async () => {
  rig = await startRig();
  const headers = { accept: 'text/event-stream' };
  const followed = await fetch(`${rig.orchestrator.url}/api/logs?follow=true`, { headers });
  expect(followed.headers.get('content-type')).toContain('text/event-stream');
  const reading = followed.text().catch(() => 'cut');
  const stoppedAt = performance.now();
  rig.orchestrator.kill('SIGTERM');
  expect(await rig.orchestrator.exited).toBe(0);
  // A second, with a factor of 5 for a busy machine.
  expect(performance.now() - stoppedAt).toBeLessThan(5_000);
  await reading;
});

it('a second signal ends it at once', async () => {
  rig = await startRig({ tokenDelayMs: 10, tokens: Infinity });
  const running = streamChat().catch(() => 'broken');
  await rig.busyIndex();
  rig.orchestrator.kill('SIGTERM');
  const { url } = rig.orchestrator;
  await eventually(
    async () => !(await fetch(`${url}/readyz`).catch(() => ({ ok: false }))).ok || undefined,
    'the stop to begin',
  );
  let exit: number | string | undefined;
  void rig.orchestrator.exited.then((how) => (exit = how));
  // Signals in quick succession count as one, so it takes some.
  const stopped = await eventually(() => {
    rig.orchestrator.kill('SIGTERM');
    return exit;
  }, 'the end');
  expect(stopped).toBe(130);
  await running;
});

it('an agent that is told to stop finishes what runs, while new calls go to the other', async () => {
  rig = await startRig({ tokenDelayMs: 10, tokens: 100 });
  const running = streamChat();
  const busy = await rig.busyIndex();
  rig.agents[busy]!.kill('SIGTERM');
  await eventually(async () => {
    const { nodes } = (await (await fetch(`${rig.orchestrator.url}/health`)).json()) as { nodes: { healthy: number } };
    return nodes.healthy === 1 || undefined;
  }, 'one node left');
  const next = await rig.post('/api/chat', { model, messages, stream: false });
  expect(next.headers.get('x-tutti-node')).toBe(`node${1 - busy}`);
  expect(lastLine(await running)).toMatchObject({ done: true });
  expect(await rig.agents[busy]!.exited).toBe(0);
});

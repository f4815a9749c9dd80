import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;

afterEach(() => rig.stop());

/** A cancel reaches the backend within 200 ms; a factor of 5 for a busy machine. */
const cancelMs = 200 * 5;

/** Starts a streamed chat; aborting the controller closes the client's socket. */
function startChat(content = 'hello'): { controller: AbortController; reading: Promise<unknown> } {
  const controller = new AbortController();
  const reading = rig
    .post('/api/chat', { model, messages: [{ role: 'user', content }] }, { signal: controller.signal })
    .then((response) => response.text());
  return { controller, reading: reading.catch(() => 'cancelled') };
}

async function slotsAreFree(): Promise<void> {
  await eventually(async () => (await rig.ollama.chat({ model, messages })).done || undefined, 'an answer');
  expect(rig.fakes.every((fake) => fake.live === 0)).toBe(true);
}

describe('a cancel reaches the socket of the backend', () => {
  it.each([
    { state: 'while the model loads or the prompt is read', options: { firstTokenDelayMs: 60_000 }, afterText: false },
    { state: 'in the middle of the answer', options: { tokenDelayMs: 50 }, afterText: true },
  ])('$state', async ({ options }) => {
    rig = await startRig({ ...options, answer: (prompt) => (prompt === 'hello' ? 'word '.repeat(500) : 'short') });
    const { controller, reading } = startChat();
    const busy = await rig.busyIndex();
    const cancelledAt = performance.now();
    controller.abort();
    await rig.fakes[busy]!.whenAborted();
    expect(performance.now() - cancelledAt).toBeLessThan(cancelMs);
    await reading;
    expect(rig.fakes.every((fake) => fake.live === 0)).toBe(true);
  });

  it('while the call waits in the queue: it never gets there', async () => {
    rig = await startRig({ firstTokenDelayMs: 60_000 });
    const waiting = async (): Promise<number> =>
      ((await (await fetch(`${rig.orchestrator.url}/health`)).json()) as { waiting: number }).waiting;
    // Each node runs one call and lets one wait; the fifth waits in the orchestrator's queue.
    const four = Array.from({ length: 4 }, () => startChat());
    await eventually(() => rig.fakes.every((fake) => fake.live === 1) || undefined, 'a call at each backend');
    const fifth = startChat('never sent');
    await eventually(async () => (await waiting()) === 1 || undefined, 'one call in the queue');
    fifth.controller.abort();
    await eventually(async () => (await waiting()) === 0 || undefined, 'an empty queue');
    for (const { controller } of four) controller.abort();
    await eventually(() => rig.fakes.every((fake) => fake.live === 0) || undefined, 'no call at the backends');
    expect(rig.fakes.flatMap((fake) => fake.requests).some(({ body }) => body.includes('never sent'))).toBe(false);
  });
});

it('cancelling one of several leaves the others alone', async () => {
  rig = await startRig({ tokenDelayMs: 5, parallel: 4, agentArgs: ['--ollama-num-parallel', '4'] });
  const [first, ...others] = Array.from({ length: 4 }, () => startChat());
  await eventually(
    () => rig.fakes.reduce((sum, fake) => sum + fake.live, 0) === 4 || undefined,
    'four calls at the backends',
  );
  first!.controller.abort();
  const texts = await Promise.all(others.map(({ reading }) => reading));
  for (const text of texts) expect(text).toContain('"done":true');
  await slotsAreFree();
});

/** What a fake Ollama tells on its control path. */
interface Counts {
  readonly live: number;
  readonly aborted: number;
}

describe('clients that hang up: 16 of 16 calls are stopped at the backend', () => {
  it.each([
    { kind: 'streams', path: '/api/chat', body: { stream: true } },
    { kind: 'JSON calls', path: '/api/chat', body: { stream: false } },
    { kind: 'streams of the other dialect', path: '/v1/chat/completions', body: { stream: true } },
    { kind: 'JSON calls of the other dialect', path: '/v1/chat/completions', body: { stream: false } },
  ])('$kind', async ({ path, body }) => {
    const calls = 16;
    const parallel = calls / 2;
    const agentArgs = ['--ollama-num-parallel', String(parallel), '--queue-concurrency', String(parallel)];
    const answer = (): string => 'word '.repeat(5_000);
    rig = await startRig({ tokenDelayMs: 50, parallel, agentArgs, control: true, answer });
    const sum = async (read: (counts: Counts) => number): Promise<number> => {
      const told = rig.fakes.map(async ({ url }) => (await fetch(`${url}/fake`)).json() as Promise<Counts>);
      return (await Promise.all(told)).reduce((total, counts) => total + read(counts), 0);
    };
    const clients = Array.from({ length: calls }, () => {
      const controller = new AbortController();
      const reading = rig.post(path, { model, messages, ...body }, { signal: controller.signal });
      return { controller, read: reading.then((response) => response.text()).catch(() => 'cancelled') };
    });
    await eventually(async () => (await sum(({ live }) => live)) === calls || undefined, '16 calls at the backends');
    const leftAt = performance.now();
    for (const { controller } of clients) controller.abort();
    await eventually(
      async () => (await sum(({ live }) => live)) === 0 || undefined,
      'no call at the backends',
      cancelMs,
    );
    expect(performance.now() - leftAt).toBeLessThan(cancelMs);
    expect(await sum(({ aborted }) => aborted)).toBe(calls);
    expect(await Promise.all(clients.map(({ read }) => read))).toEqual(Array(calls).fill('cancelled'));
  });
});

describe('clients that hang up before the first word: their calls are stopped at the backend, and only probes follow', () => {
  it.each([
    { kind: 'a stream', path: '/api/chat', body: { stream: true } },
    { kind: 'a JSON call', path: '/api/chat', body: { stream: false } },
    { kind: 'a call that may be given again', path: '/api/chat', body: { stream: false, options: { temperature: 0 } } },
    { kind: 'a stream of OpenAI', path: '/v1/chat/completions', body: { stream: true } },
    { kind: 'a JSON call of OpenAI', path: '/v1/chat/completions', body: { stream: false } },
    { kind: 'a stream of Anthropic', path: '/v1/messages', body: { stream: true, max_tokens: 9 } },
    { kind: 'a JSON call of Anthropic', path: '/v1/messages', body: { stream: false, max_tokens: 9 } },
    { kind: 'a JSON call of the Responses API', path: '/v1/responses', body: { input: 'hello' } },
  ])('$kind', async ({ path, body }) => {
    rig = await startRig({ firstTokenDelayMs: 60_000 });
    const controller = new AbortController();
    const asked = path === '/v1/responses' ? body : { messages, ...body };
    const reading = rig.post(path, { model, ...asked }, { signal: controller.signal }).catch(() => 'cancelled');
    const fake = rig.fakes[await rig.busyIndex()]!;
    const leftAt = performance.now();
    controller.abort();
    await fake.whenAborted();
    expect(performance.now() - leftAt).toBeLessThan(cancelMs);
    expect(await reading).toBe('cancelled');
    // A backend notices nothing while it reads a prompt: a request for one token shows when it is done with it.
    const isProbe = ({ body }: { readonly body: string }): boolean => body.includes('"raw":true');
    const probe = await eventually(() => fake.requests.find(isProbe), 'a probe');
    expect(JSON.parse(probe.body)).toMatchObject({ prompt: 'a', options: { num_predict: 1 } });
    expect(fake.requests.filter(({ path }) => path === '/api/chat')).toHaveLength(1);
    expect(fake.live).toBe(1);
  });
});

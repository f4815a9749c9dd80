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

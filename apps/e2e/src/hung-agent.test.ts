import { afterEach, expect, it } from 'vitest';
import { nodesReady } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;

afterEach(() => rig.stop());

/** 1 s between pings and 0.5 s for the answer, with a factor of 5 for a busy machine. */
const noticedMs = 1_500 * 5;

it('N3: an agent that hangs before its first token is out within the ping time; what it sends when it wakes reaches nobody', async () => {
  const answer = 'one two three four five six seven eight';
  rig = await startRig({ firstTokenDelayMs: 1_800, tokenDelayMs: 150, answer: () => answer });
  const asked = rig.post('/api/chat', { model, messages });
  const busy = await rig.busyIndex();
  const stoppedAt = performance.now();
  rig.agents[busy]!.kill('SIGSTOP');
  await nodesReady(rig.orchestrator, 1);
  expect(performance.now() - stoppedAt).toBeLessThan(noticedMs);
  // Its backend goes on meanwhile: the answer lies ready when the agent wakes, while the other node is at work.
  await rig.fakes[1 - busy]!.whenRequest('/api/chat');
  rig.agents[busy]!.kill('SIGCONT');
  const response = await asked;
  expect(response.headers.get('x-tutti-node')).toBe(`node${1 - busy}`);
  const lines = (await response.text()).trim().split('\n');
  const text = lines.map((line) => (JSON.parse(line) as { message: { content: string } }).message.content).join('');
  expect(text).toBe(answer);
  await nodesReady(rig.orchestrator, 2);
  await Promise.all(rig.fakes.map((fake) => fake.whenIdle()));
});

it('N3: an agent that hangs in the middle of an answer is an explicit error within the ping time, and it serves again when it wakes', async () => {
  rig = await startRig({ tokenDelayMs: 20, tokens: Infinity });
  const response = await rig.post('/api/chat', { model, messages });
  const busy = await rig.busyIndex();
  const stoppedAt = performance.now();
  rig.agents[busy]!.kill('SIGSTOP');
  const text = await response.text();
  expect(performance.now() - stoppedAt).toBeLessThan(noticedMs);
  expect(JSON.parse(text.trim().split('\n').at(-1)!)).toEqual({ error: expect.any(String) as string });
  rig.agents[busy]!.kill('SIGCONT');
  await nodesReady(rig.orchestrator, 2);
  await Promise.all(rig.fakes.map((fake) => fake.whenIdle()));
});

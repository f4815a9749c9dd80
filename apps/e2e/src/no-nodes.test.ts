import { afterEach, expect, it } from 'vitest';
import { eventually, nodesReady } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;

afterEach(() => rig.stop());

const body = { model, messages, stream: false };

it('N18: with all nodes down a call waits a little, and is then refused with the time to come back', async () => {
  rig = await startRig();
  for (const agent of rig.agents) agent.kill('SIGKILL');
  await nodesReady(rig.orchestrator, 0);
  const refused = await rig.post('/api/chat', body);
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await refused.json()).toEqual({ error: expect.stringMatching(/node/i) as string });
}, 40_000);

it('N18: a call that waits is served by the first node that is back', async () => {
  rig = await startRig({ answer: () => 'the whole answer' });
  for (const agent of rig.agents) agent.kill('SIGSTOP');
  await nodesReady(rig.orchestrator, 0);
  const asked = rig.post('/api/chat', body);
  await eventually(async () => (await waiting()) === 1, 'a call that waits');
  rig.agents[0]!.kill('SIGCONT');
  const response = await asked;
  expect([response.status, response.headers.get('x-tutti-node')]).toEqual([200, 'node0']);
});

async function waiting(): Promise<number> {
  const status = await fetch(`${rig.orchestrator.url}/api/queue/status`);
  return ((await status.json()) as { waiting: number }).waiting;
}

it('N19: the only node fails three times; the next call is served within seconds, not refused for good', async () => {
  rig = await startRig({ answer: () => 'the whole answer' });
  rig.agents[1]!.kill('SIGKILL');
  await nodesReady(rig.orchestrator, 1);
  rig.fakes[0]!.fail('http500', { times: 3 });
  const failures = [
    await rig.post('/api/chat', body),
    await rig.post('/api/chat', body),
    await rig.post('/api/chat', body),
  ];
  expect(failures.some(({ status }) => status >= 500)).toBe(true);
  // A breaker that opened for it lets one try after 5 s at the most.
  const response = await eventually(async () => {
    const answer = await rig.post('/api/chat', body);
    return answer.status === 200 ? answer : undefined;
  }, 'an answer');
  expect(await response.json()).toMatchObject({ message: { content: 'the whole answer' } });
}, 40_000);

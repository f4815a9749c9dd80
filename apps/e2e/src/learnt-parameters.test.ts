import { startFakeOllama } from '@tutti/testing';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { nodesReady, startAgent, startOrchestrator, stopAll, temporaryFolder } from './processes.ts';

const model = 'hf.co/a/b:Q4_K_M';
const question = { model, stream: false, messages: [{ role: 'user', content: 'Write a poem about the rain.' }] };

afterAll(stopAll);

it('a backend receives what the answer says was chosen, and what comes of it outlives a restart', async () => {
  const fake = await startFakeOllama({ models: [model], tokens: 3 });
  onTestFinished(() => fake.close());
  const folder = await temporaryFolder();
  const first = await startOrchestrator(['--data-folder', folder]);
  await startAgent({ name: 'a', orchestrators: [first], ollamaUrl: fake.url });
  await nodesReady(first, 1);
  const body = JSON.stringify(question);
  const answer = await fetch(`${first.url}/api/chat`, {
    method: 'POST',
    body,
    headers: { 'x-tutti-parameters': 'auto' },
  });
  expect(answer.status).toBe(200);
  await answer.text();
  const chosen = answer.headers.get('x-tutti-parameters')!;
  const [, preset, temperature, topP] = /^creative\/(\w+) temperature=(\S+) top_p=(\S+)$/.exec(chosen)!;
  const asked = fake.requests.findLast(({ path }) => path === '/api/chat')!;
  expect(JSON.parse(asked.body)).toMatchObject({ options: { temperature: Number(temperature), top_p: Number(topP) } });
  first.kill('SIGTERM');
  expect(await first.exited).toBe(0);

  const second = await startOrchestrator(['--data-folder', folder]);
  await startAgent({ name: 'a', orchestrators: [second], ollamaUrl: fake.url });
  await nodesReady(second, 1);
  const told = await fetch(`${second.url}/api/performance/parameters/${encodeURIComponent(model)}/creative`);
  const { evidence } = (await told.json()) as { evidence: { preset: string; samples: number }[] };
  expect(evidence.find((each) => each.preset === preset)).toMatchObject({ samples: 1 });
});

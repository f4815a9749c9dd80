import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterEach, expect, it } from 'vitest';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll, type Orchestrator } from './processes.ts';
import { messages, model } from './rig.ts';

let fake: FakeOllama;

afterEach(async () => {
  await stopAll();
  await fake.close();
});

async function startPair(): Promise<Orchestrator[]> {
  fake = await startFakeOllama({ models: [model], tokens: 10, tokenDelayMs: 5, parallel: 4 });
  const orchestrators = await Promise.all([startOrchestrator(), startOrchestrator()]);
  const args = ['--ollama-num-parallel', '4'];
  await startAgent({ name: 'shared', orchestrators, ollamaUrl: fake.url, args });
  await Promise.all(orchestrators.map((orchestrator) => nodesReady(orchestrator, 1)));
  return orchestrators;
}

const ask = (url: string): Promise<Response> =>
  fetch(`${url}/api/chat`, { method: 'POST', body: JSON.stringify({ model, messages, stream: false }) });

it('one agent serves two orchestrators; one is killed in the middle of a call, the other goes on', async () => {
  const [first, second] = (await startPair()) as [Orchestrator, Orchestrator];
  for (const { url } of [first, second]) {
    const response = await ask(url);
    expect([response.status, response.headers.get('x-tutti-node')]).toEqual([200, 'shared']);
    await response.text();
  }
  const cut = ask(first.url).then(
    () => 'answered',
    () => 'cut',
  );
  await eventually(() => fake.live > 0, 'a call at the backend');
  first.kill('SIGKILL');
  expect(['cut', 'answered']).toContain(await cut);
  await fake.whenIdle();
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(second.url)));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  await Promise.all(answers.map((answer) => answer.text()));
});

it('a rolling restart of both loses nothing for clients that go to the other when one refuses', async () => {
  const orchestrators = await startPair();
  const urls = orchestrators.map(({ url }) => url);
  let stopped = false;
  const outcomes: string[] = [];

  /** What a client does that knows two addresses: nothing was begun, so the other may be asked. */
  const once = async (first: number): Promise<string> => {
    for (let attempt = first; ; attempt++) {
      const response = await ask(urls[attempt % urls.length]!).catch(() => undefined);
      if (response?.status === 200) return ((await response.json()) as { done: boolean }).done ? 'whole' : 'cut';
      if (response && response.status !== 503) return `${response.status}: ${await response.text()}`;
      await response?.text();
      if (attempt - first > 200) return 'nobody answers';
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const worker = async (index: number): Promise<void> => {
    for (let turn = index; !stopped; turn++) outcomes.push(await once(turn));
  };
  const load = Promise.all([0, 1, 2, 3].map(worker));

  for (const [index, orchestrator] of orchestrators.entries()) {
    const before = outcomes.length;
    await eventually(() => outcomes.length > before + 10, 'answers before the restart');
    orchestrator.kill('SIGTERM');
    expect(await orchestrator.exited).toBe(0);
    const { port, grpcPort } = orchestrator.facts;
    const again = await startOrchestrator(['--port', `${port}`, '--grpc-port', `${grpcPort}`]);
    orchestrators[index] = again;
    await nodesReady(again, 1);
  }
  const before = outcomes.length;
  await eventually(() => outcomes.length > before + 10, 'answers afterwards');
  stopped = true;
  await load;
  expect(outcomes.filter((outcome) => outcome !== 'whole')).toEqual([]);
}, 60_000);

import { afterEach, expect, it } from 'vitest';
import { createTutti, stopCommands } from './cli.fixture.ts';
import { eventually, nodesReady, startAgent, temporaryFolder, type Agent } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;

afterEach(async () => {
  await stopCommands();
  await rig.stop();
});

const path = (node: string) => `/api/nodes/${node}`;

async function nodeOf(name: string): Promise<{ status: string; problem: string; slots: { inFlight: number } }> {
  return (await (await fetch(rig.orchestrator.url + path(name))).json()) as never;
}

const lastLine = (text: string) => JSON.parse(text.trimEnd().split('\n').at(-1)!) as Record<string, unknown>;

const streamChat = (): Promise<string> =>
  rig.post('/api/chat', { model, messages }).then((response) => response.text());

it('N14: agents that are restarted one after the other, under load, lose no call', async () => {
  rig = await startRig({ tokens: 20, tokenDelayMs: 5, parallel: 2, agentArgs: ['--ollama-num-parallel', '2'] });
  let stopped = false;
  const ends: string[] = [];
  const worker = async (): Promise<void> => {
    while (!stopped) ends.push(JSON.stringify(lastLine(await streamChat()).done ?? 'no end'));
  };
  const load = Promise.all([0, 1, 2, 3].map(worker));
  const agents: Agent[] = [...rig.agents];
  for (const [index, agent] of agents.entries()) {
    const before = ends.length;
    await eventually(() => ends.length > before + 10, 'answers before the restart');
    agent.kill('SIGTERM');
    expect(await agent.exited).toBe(0);
    const args = ['--data-folder', await temporaryFolder(), '--ollama-num-parallel', '2'];
    await startAgent({
      name: `again${index}`,
      orchestrators: [rig.orchestrator],
      ollamaUrl: rig.fakes[index]!.url,
      args,
    });
    await nodesReady(rig.orchestrator, 2);
  }
  stopped = true;
  await load;
  expect(ends.filter((end) => end !== 'true')).toEqual([]);
}, 40_000);

it('a node that is drained takes nothing new; at the deadline what began is an error, what had not goes elsewhere', async () => {
  rig = await startRig({ tokenDelayMs: 20, tokens: Infinity });
  const begun = streamChat();
  const busy = await rig.busyIndex();
  await eventually(async () => (await nodeOf(`node${busy}`)).slots.inFlight === 1, 'it is counted');
  const drained = await rig.post(`${path(`node${busy}`)}/drain?deadlineMs=700`, {});
  expect(await drained.json()).toMatchObject({
    status: 'DRAINING',
    problem: expect.stringContaining('at the latest in 1 s'),
  });
  const other = await rig.post('/api/chat', { model, messages, stream: true, options: { num_predict: 5 } });
  expect(other.headers.get('x-tutti-node')).toBe(`node${1 - busy}`);
  await other.body?.cancel();
  expect(lastLine(await begun)).toEqual({ error: expect.stringMatching(/drained/) });
  await rig.fakes[busy]!.whenIdle();
  expect(await nodeOf(`node${busy}`)).toMatchObject({ status: 'DRAINING', slots: { inFlight: 0 } });
  expect((await rig.post(`${path('node0')}/drain?deadlineMs=-1`, {})).status).toBe(400);
});

it('what waits for its first token at the deadline is answered by another node', async () => {
  rig = await startRig({ firstTokenDelayMs: 1_500, answer: () => 'the whole answer' });
  const asked = rig.post('/api/chat', { model, messages, stream: false });
  const busy = await rig.busyIndex();
  await rig.post(`${path(`node${busy}`)}/drain?deadlineMs=100`, {});
  const response = await asked;
  expect(response.status).toBe(200);
  expect(response.headers.get('x-tutti-node')).toBe(`node${1 - busy}`);
  expect(await response.json()).toMatchObject({ message: { content: 'the whole answer' } });
});

it('tutti node drain --wait tells what is left, and ends when nothing is', async () => {
  rig = await startRig({ tokenDelayMs: 20, tokens: 100 });
  const tutti = await createTutti({ TUTTI_URL: rig.orchestrator.url });
  const running = streamChat();
  const name = `node${await rig.busyIndex()}`;
  await eventually(async () => (await nodeOf(name)).slots.inFlight === 1, 'it is counted');
  const { code, talk, out } = await tutti.run('node', 'drain', name, '--wait');
  expect({ code, out, talk }).toEqual({
    code: 0,
    out: '',
    talk: `Node ${name} gets no new calls; 1 still run on it.\n0 still run on ${name}.\nNode ${name} is drained.\n`,
  });
  expect(lastLine(await running)).toMatchObject({ done: true });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodesReady, startOrchestrator, stopAll, type Orchestrator } from './processes.ts';
import { messages, model } from './rig.ts';

let folder: string;
let fakes: FakeOllama[];
let orchestrator: Orchestrator;

/** What nginx users have: bare Ollamas, and one process in front of them. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-agentless-'));
  fakes = await Promise.all([0, 1].map(() => startFakeOllama({ models: [model], tokens: 5 })));
  const nodes = fakes.map(({ port }, i) => `  - { name: bare${i}, kind: ollama, host: 127.0.0.1, port: ${port} }\n`);
  const config = join(folder, 'tutti.yaml');
  await writeFile(config, `dataFolder: ${folder}\nnodes:\n${nodes.join('')}`);
  orchestrator = await startOrchestrator(['--config', config]);
  await nodesReady(orchestrator, 2);
});

afterAll(async () => {
  await stopAll();
  await Promise.all(fakes.map((fake) => fake.close()));
  await rm(folder, { recursive: true });
});

async function chat(headers: Record<string, string> = {}): Promise<{ status: number; node: string | null }> {
  const body = JSON.stringify({ model, messages, stream: false });
  const response = await fetch(`${orchestrator.url}/api/chat`, { method: 'POST', body, headers });
  await response.text();
  return { status: response.status, node: response.headers.get('x-tutti-node') };
}

/** Several at once, so that no one node takes them all if there are two. */
const chats = () => Promise.all([chat(), chat(), chat(), chat()]);

it('two bare Ollamas answer as one cluster; one dies, its calls go to the other, and it comes back', async () => {
  const answers = await chats();
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(new Set(answers.map(({ node }) => node))).toEqual(new Set(['bare0', 'bare1']));

  await fakes[0]!.close();
  const after = await chats();
  expect(after).toEqual(after.map(() => ({ status: 200, node: 'bare1' })));
  await nodesReady(orchestrator, 1);

  fakes[0] = await startFakeOllama({ models: [model], tokens: 5, port: fakes[0]!.port });
  await nodesReady(orchestrator, 2);
  expect(await chat({ 'x-tutti-node': 'bare0' })).toEqual({ status: 200, node: 'bare0' });
});

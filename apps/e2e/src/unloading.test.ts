import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { Ollama } from 'ollama';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonBody } from './exposed-cluster.ts';
import { eventually, nodesReady, startOrchestrator, stopAll, temporaryFolder } from './processes.ts';
import { messages, model } from './rig.ts';

let fakes: FakeOllama[];
let phone: Ollama;
let laptop: Ollama;

/** Two machines, and two people with a key each. */
beforeAll(async () => {
  fakes = await Promise.all([0, 1].map(() => startFakeOllama({ models: [model], tokens: 3 })));
  const nodes = fakes.map(({ port }, i) => ({ name: `node${i}`, kind: 'ollama', host: '127.0.0.1', port }));
  const config = join(await temporaryFolder(), 'tutti.yaml');
  await writeFile(config, JSON.stringify({ nodes }));
  const orchestrator = await startOrchestrator(['--host', '0.0.0.0', '--config', config]);
  const admin = { authorization: `Bearer ${orchestrator.facts.firstAdminKey}` };
  const clientOf = async (name: string): Promise<Ollama> => {
    const made = await fetch(`${orchestrator.url}/api/keys`, { ...jsonBody({ name, role: 'user' }), headers: admin });
    const { secret } = (await made.json()) as { secret: string };
    return new Ollama({ host: orchestrator.url, headers: { authorization: `Bearer ${secret}` } });
  };
  [phone, laptop] = [await clientOf('phone'), await clientOf('laptop')];
  await nodesReady(orchestrator, 2);
});

afterAll(async () => {
  await stopAll();
  await Promise.all(fakes.map((fake) => fake.close()));
});

const resident = () => fakes.map(({ runners }) => runners.length);

/** So many chats that both machines load the model. */
async function chats(client: Ollama): Promise<void> {
  await eventually(async () => {
    await Promise.all(Array.from({ length: 4 }, () => client.chat({ model, messages })));
    return resident().every((count) => count === 1) || undefined;
  }, 'a model in the memory of both machines');
}

/** What `ollama stop` and Open WebUI send. */
async function unload(client: Ollama): Promise<object> {
  return client.generate({ model, prompt: '', keep_alive: 0 });
}

it('a model that others use stays, and who wants it gone hears so; what only they have used goes, on all machines', async () => {
  await chats(phone);
  expect(await unload(laptop)).toMatchObject({ done_reason: 'load', kept: expect.stringMatching(/in use, or others/) });
  expect(resident()).toEqual([1, 1]);
  expect(await unload(phone)).toMatchObject({ done_reason: 'unload' });
  expect(resident()).toEqual([0, 0]);
  await eventually(async () => (await phone.ps()).models.length === 0 || undefined, 'nothing in memory');
});

import { Ollama } from 'ollama';
import { startFakeOllama } from '@tutti/testing';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { jsonBody } from './exposed-cluster.ts';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll, temporaryFolder } from './processes.ts';

afterEach(() => stopAll());

/** The promise is a second. */
const patienceMs = 5_000;

it('what one orchestrator decides of a key holds at the other: acceptance check 32', async () => {
  const shared = ['--host', '0.0.0.0', '--data-folder', await temporaryFolder()];
  const first = await startOrchestrator(shared);
  const second = await startOrchestrator(shared);
  const admin = { authorization: `Bearer ${first.facts.firstAdminKey}` };
  const change = (path: string, init: RequestInit): Promise<Response> =>
    fetch(first.url + path, { ...init, headers: admin });
  const made = await change('/api/keys', jsonBody({ name: 'phone', role: 'user', models: ['llama:*'] }));
  const { key, secret } = (await made.json()) as { key: { id: string }; secret: string };
  /** The status of a call where no node is: 503 for whoever may use the model. */
  const statusAt = async (url: string, model: string): Promise<number> => {
    const init = jsonBody({ model, messages: [{ role: 'user', content: 'x' }] });
    return (await fetch(`${url}/api/chat`, { ...init, headers: { authorization: `Bearer ${secret}` } })).status;
  };
  expect([await statusAt(first.url, 'llama:1b'), await statusAt(first.url, 'other')]).toEqual([503, 403]);
  await eventually(async () => (await statusAt(second.url, 'llama:1b')) === 503, 'the new key elsewhere', patienceMs);
  expect(await statusAt(second.url, 'other')).toBe(403);
  expect((await change(`/api/keys/${key.id}`, { method: 'DELETE' })).status).toBe(200);
  expect(await statusAt(first.url, 'llama:1b')).toBe(401);
  // 401; or 429, after so many tries with a key that was not known there yet.
  const isRefused = async (): Promise<boolean> => [401, 429].includes(await statusAt(second.url, 'llama:1b'));
  await eventually(async () => (await isRefused()) || undefined, 'its end elsewhere', patienceMs);
});

it('one that is killed and comes back sends no call astray, and loads nothing anew: acceptance check 34', async () => {
  const shared = 'llama:1b';
  const fakes = await Promise.all(
    ['only0:1b', 'only1:1b'].map((own) => startFakeOllama({ models: [shared, own], tokens: 3 })),
  );
  onTestFinished(() => Promise.all(fakes.map((fake) => fake.close())).then(() => {}));
  const folder = ['--data-folder', await temporaryFolder()];
  let orchestrator = await startOrchestrator(folder);
  for (const [i, { url: ollamaUrl }] of fakes.entries()) {
    await startAgent({ name: `node${i}`, orchestrators: [orchestrator], ollamaUrl });
  }
  await nodesReady(orchestrator, 2);
  const messages = [{ role: 'user', content: 'A long story. '.repeat(200) }];
  /** Goes on with the conversation; the node that answered. */
  const next = async (model: string): Promise<string> => {
    const client = new Ollama({ host: orchestrator.url });
    const { message, ...rest } = await client.chat({ model, messages });
    messages.push(message, { role: 'user', content: 'Go on.' });
    return (rest as unknown as { tutti: { node: string } }).tutti.node;
  };
  const home = await next(shared);
  expect([await next(shared), await next('only0:1b'), await next('only1:1b')]).toEqual([home, 'node0', 'node1']);
  const loads = fakes.map((fake) => fake.loads);

  orchestrator.kill('SIGKILL');
  await orchestrator.exited;
  const { port, grpcPort } = orchestrator.facts;
  orchestrator = await startOrchestrator([...folder, '--port', String(port), '--grpc-port', String(grpcPort)]);
  await nodesReady(orchestrator, 2);
  for (let i = 0; i < 5; i += 1) {
    expect([await next(shared), await next('only0:1b'), await next('only1:1b')]).toEqual([home, 'node0', 'node1']);
  }
  expect(fakes.map((fake) => fake.loads)).toEqual(loads);
});

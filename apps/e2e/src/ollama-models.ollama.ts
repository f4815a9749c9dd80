import { createHash, randomBytes } from 'node:crypto';
import { Ollama } from 'ollama';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startOllama, type RealOllama } from '../../../tools/ollama/start-ollama.ts';
import { nodesReady, startAgent, startOrchestrator, stopAll, usualKeepalive, type Orchestrator } from './processes.ts';

const ollama = inject('ollama');
const model = 'smollm2:135m';

describe.skipIf(!ollama.available)('the models of two real Ollamas', () => {
  /** The second has none. */
  let reals: RealOllama[];
  let orchestrator: Orchestrator;

  const client = (headers = {}): Ollama => new Ollama({ host: orchestrator.url, headers });
  const at = (index: number): Ollama => new Ollama({ host: reals[index]!.url });
  const namesAt = async (index: number) => (await at(index).list()).models.map(({ name }) => name);
  const blob = (digest: string, init: RequestInit): Promise<Response> =>
    fetch(`${orchestrator.url}/api/blobs/${digest}`, init);

  beforeAll(async () => {
    if (!ollama.available) return;
    reals = await Promise.all([startOllama(ollama), startOllama({ binary: ollama.binary })]);
    orchestrator = await startOrchestrator(usualKeepalive);
    for (const [index, { url, modelsFolder }] of reals.entries()) {
      const args = [...usualKeepalive, '--ollama-models', modelsFolder];
      await startAgent({ name: `real${index}`, orchestrators: [orchestrator], ollamaUrl: url, args });
    }
    await nodesReady(orchestrator, 2);
  });

  afterAll(async () => {
    await stopAll();
    await Promise.all((reals ?? []).map((real) => real.close()));
  });

  it('are made on the other one of a file that only the first has, and answer there', async () => {
    const { modelfile } = await at(0).show({ model });
    const digest = `sha256:${/^FROM .*sha256-([\da-f]{64})$/m.exec(modelfile)![1]}`;
    const request = { model: 'copied:1', files: { 'model.gguf': digest }, stream: true };
    const lines = await Array.fromAsync(
      (await client({ 'x-tutti-placement': 'real1' }).create(request as never)) as unknown as AsyncIterable<{
        status: string;
      }>,
    );
    expect(lines[0]?.status).toBe(`copying ${digest.slice(7, 19)} from real0`);
    expect(lines.at(-1)?.status).toBe('success');
    expect(await namesAt(1)).toContain('copied:1');
    const { response } = await client().generate({
      model: 'copied:1',
      prompt: 'One, two, three,',
      options: { num_predict: 4 },
    });
    expect(response).not.toBe('');
  });

  it('are copied and deleted wherever they are', async () => {
    await client().copy({ source: model, destination: 'twin:1' });
    expect(await namesAt(0)).toContain('twin:1');
    await client().create({ model: 'twin:1', from: 'copied:1' });
    expect(await namesAt(1)).toContain('twin:1');
    await client().delete({ model: 'twin:1' });
    expect([...(await namesAt(0)), ...(await namesAt(1))]).not.toContain('twin:1');
    const failure = client().pull({ model: '127.0.0.1:9/nope/nope', insecure: true });
    await expect(failure).rejects.toMatchObject({ error: expect.not.stringContaining('127.0.0.1') as string });
    await expect(client().delete({ model: 'twin:1' })).rejects.toMatchObject({ error: "model 'twin:1' not found" });
  });

  it('and their files are taken and refused in the same words as directly', async () => {
    const content = randomBytes(200_000);
    const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
    const wrongContent = randomBytes(1_000);
    const other = `sha256:${'0'.repeat(64)}`;
    const answers = async (host: string) => {
      const send = async (name: string, method: string) => {
        const response = await fetch(`${host}/api/blobs/${name}`, {
          method,
          ...(method === 'POST' && { body: wrongContent }),
        });
        return [response.status, await response.text()];
      };
      return [
        await send(other, 'HEAD'),
        await send(other, 'POST'),
        await send('sha256:1', 'POST'),
        await send('sha256:1', 'HEAD'),
      ];
    };
    expect(await answers(orchestrator.url)).toEqual(await answers(reals[0]!.url));
    expect((await blob(digest, { method: 'POST', body: content })).status).toBe(201);
    expect((await blob(digest, { method: 'POST', body: content })).status).toBe(200);
    expect((await blob(digest, { method: 'HEAD' })).status).toBe(200);
  });

  it('are refused in the same words as directly', async () => {
    const wrong = [
      ['POST', '/api/pull', '{}'],
      ['POST', '/api/pull', ''],
      ['POST', '/api/create', '{}'],
      ['POST', '/api/create', '{"model":"x"}'],
      ['POST', '/api/copy', '{}'],
      ['POST', '/api/copy', '{"source":"nope","destination":"x"}'],
      ['POST', '/api/push', '{}'],
      ['POST', '/api/show', '{}'],
      ['POST', '/api/show', '{"model":"nope"}'],
      ['DELETE', '/api/delete', '{"model":"nope"}'],
      ['DELETE', '/api/delete', '{}'],
    ] as const;
    const answers = (host: string) =>
      Promise.all(
        wrong.map(async ([method, path, body]) => {
          const request: RequestInit = { method, body };
          const response = await fetch(host + path, request);
          return [method, path, body, response.status, (await response.text()).trim()];
        }),
      );
    expect(await answers(orchestrator.url)).toEqual(await answers(reals[0]!.url));
  });
});

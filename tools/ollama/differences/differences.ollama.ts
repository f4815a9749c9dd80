import { Agent } from 'node:http';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startOllama, type RealOllama } from '../start-ollama.ts';
import { calls } from './calls.ts';
import { mirroredModels } from './mirror.ts';
import { observe } from './observe.ts';

const ollama = inject('ollama');

describe.skipIf(!ollama.available)('the fake Ollama answers as the real one does', () => {
  const agent = new Agent({ keepAlive: true });
  let real: RealOllama;
  let fake: FakeOllama;

  beforeAll(async () => {
    if (!ollama.available) return;
    real = await startOllama(ollama);
    fake = await startFakeOllama({
      models: await mirroredModels(real.url),
      contextLength: 2048,
      version: ollama.version,
    });
  });

  afterAll(async () => {
    agent.destroy();
    await fake?.close();
    await real?.close();
  });

  it.each(Object.entries(calls))('%s', async (_, group) => {
    const differences = [];
    for (const call of group) {
      const expected = await observe(real.url, agent, call);
      const actual = await observe(fake.url, agent, call);
      const title = `${call.method} ${call.path} ${call.body?.slice(0, 200) ?? ''}`;
      if (JSON.stringify(expected) !== JSON.stringify(actual))
        differences.push({ call: title, real: expected, fake: actual });
    }
    expect(differences).toEqual([]);
  });
});

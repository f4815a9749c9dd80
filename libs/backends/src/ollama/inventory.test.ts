import { startFakeOllama } from '@tutti/testing';
import { expect, it, onTestFinished } from 'vitest';
import { openOllama } from './ollama.ts';

it('tells which models run in a cloud: by where they are, and by their names', async () => {
  const remote = { host: 'https://ollama.com:443', model: 'big:120b' };
  const models = ['small:1b', { name: 'mine:latest', remote }, 'big:120b-cloud', 'big:cloud', 'cloud:1b', 'cloud'];
  const fake = await startFakeOllama({ models });
  onTestFinished(() => fake.close());
  const backend = await openOllama({ llamaBaseUrl: fake.url });
  onTestFinished(() => backend.close());
  const listed = (await backend.inventory(new AbortController().signal)).models;
  const capabilities = Object.fromEntries(listed.map((model) => [model.name, model.capabilities]));
  expect(capabilities).toEqual({
    'small:1b': ['completion'],
    'mine:latest': ['cloud', 'completion'],
    'big:120b-cloud': ['cloud', 'completion'],
    'big:cloud': ['cloud', 'completion'],
    'cloud:1b': ['completion'],
    'cloud:latest': ['completion'],
  });
});

import { startFakeAnthropic, startFakeOllama, startFakeOpenai } from '@tutti/testing';
import { systemClock as clock } from '@tutti/runtime';
import { openAnthropic } from './anthropic/anthropic.ts';
import { backendContract } from './contract.fixture.ts';
import { echoBackend, echoModel } from './echo.ts';
import { embeddedBackend } from './embedded/embedded.ts';
import { smallModel } from './embedded/small-model.fixture.ts';
import { openOllama } from './ollama/ollama.ts';
import { openOpenai } from './openai/openai.ts';

backendContract('ollama', {
  async open() {
    const embedder = 'embedder:latest';
    const fake = await startFakeOllama({
      models: ['llama:1b', { name: embedder, capabilities: ['embedding'] }],
      parallel: 2,
    });
    const backend = await openOllama({ llamaBaseUrl: fake.url });
    const close = async (): Promise<void> => {
      await backend.close();
      await fake.close();
    };
    return { backend: { ...backend, close }, model: 'llama:1b', embedder };
  },
});

backendContract('openai', {
  async open() {
    const fake = await startFakeOpenai({ models: ['llama:1b'], tokens: 300 });
    const backend = await openOpenai({ url: fake.url, clock });
    const close = async (): Promise<void> => {
      await backend.close();
      await fake.close();
    };
    return { backend: { ...backend, close }, model: 'llama:1b', embedder: 'llama:1b' };
  },
  without: {
    'takes an empty chat that keeps nothing alive as a wish to unload it': "OpenAI's API cannot unload models",
  },
});

const onlyChats = "Anthropic's API can chat and nothing else";

backendContract('anthropic', {
  async open() {
    const fake = await startFakeAnthropic({ models: ['claude-small-1'], tokens: 300 });
    const backend = await openAnthropic({ url: fake.url, clock });
    const close = async (): Promise<void> => {
      await backend.close();
      await fake.close();
    };
    return { backend: { ...backend, close }, model: 'claude-small-1', embedder: 'claude-small-1' };
  },
  without: {
    'continues a text': onlyChats,
    'makes one unit vector for each text': onlyChats,
    'makes a vector as the model does, if that is wanted': onlyChats,
    'takes an empty chat that keeps nothing alive as a wish to unload it': "Anthropic's API cannot unload models",
    'gives the same answer to the same seed': "Anthropic's API has no seed, so a call with one is refused",
  },
});

backendContract('embedded', {
  async open() {
    const file = await smallModel();
    if (!file) return undefined;
    const backend = await embeddedBackend({ modelPaths: [file], clock, threads: 1, contextLength: 512 });
    return { backend, model: file.name, embedder: file.name };
  },
});

const noModel = 'it is no model';

backendContract('echo', {
  open: async () => ({ backend: echoBackend(), model: echoModel, embedder: echoModel }),
  without: {
    'takes an empty chat that keeps nothing alive as a wish to unload it': noModel,
    'keeps to a JSON schema': noModel,
    'makes one unit vector for each text': noModel,
    'makes a vector as the model does, if that is wanted': noModel,
  },
});

import { systemClock as clock } from '@tutti/runtime';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { startOllama, type RealOllama } from '../../../../tools/ollama/start-ollama.ts';
import { chatCall, collect, contextWith } from '../calls.fixture.ts';
import { backendContract } from '../contract.fixture.ts';
import { openOllama } from '../ollama/ollama.ts';
import { openOpenai } from './openai.ts';

const ollama = inject('ollama');
const model = 'smollm2:135m';
const embedder = 'all-minilm:latest';
const servers: RealOllama[] = [];

async function startReal(): Promise<RealOllama | undefined> {
  if (!ollama.available) return undefined;
  const real = await startOllama(ollama);
  servers.push(real);
  return real;
}

afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
});

backendContract('openai', {
  async open() {
    const real = await startReal();
    return real && { backend: await openOpenai({ url: `${real.url}/v1`, clock }), model, embedder };
  },
  without: {
    'takes an empty chat that keeps nothing alive as a wish to unload it': "OpenAI's API cannot unload models",
    'makes a vector as the model does, if that is wanted': "Ollama's /v1 gives vectors of length 1 only",
  },
});

describe.skipIf(!ollama.available)("Ollama's own /v1", () => {
  it("answers with the same words and the same counts as Ollama's own API", async () => {
    const real = await startReal();
    const backends = [
      await openOllama({ llamaBaseUrl: real!.url }),
      await openOpenai({ url: `${real!.url}/v1`, clock }),
    ];
    const call = chatCall(model, 'What is the capital of France?', {
      numPredict: 16,
      optionsJson: '{"temperature":0,"seed":1}',
    });
    const answers = [];
    for (const backend of backends) answers.push(await collect(backend.generate(call, contextWith())));
    await Promise.all(backends.map((backend) => backend.close()));
    const [own, other] = answers;
    expect(other!.text).toBe(own!.text);
    expect(other!.done?.reason).toBe(own!.done?.reason);
    expect(other!.done?.usage).toMatchObject({
      estimated: false,
      promptTokens: own!.done!.usage!.promptTokens!,
      outputTokens: own!.done!.usage!.outputTokens!,
    });
  });
});

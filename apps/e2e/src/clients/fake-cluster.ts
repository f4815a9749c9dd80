import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { nodesReady, startAgent, startOrchestrator, stopAll } from '../processes.ts';
import { dialects, type Target } from './client.ts';

/** A cluster of real processes over two fake Ollamas, as a target of clients. */
export interface FakeCluster {
  readonly target: Target;
  /** The same questions to one of its Ollamas. */
  readonly direct: Target;
  readonly fakes: readonly FakeOllama[];
  close(): Promise<void>;
}

const models = { chat: 'llama:1b', embed: 'embedder:latest', tool: 'tooled:latest' };
const prompts = { chat: 'hello there', tool: 'call:get_weather', json: 'name a city', long: 'forever' };

export async function startFakeCluster(): Promise<FakeCluster> {
  const options = {
    models: [
      models.chat,
      { name: models.embed, capabilities: ['embedding' as const] },
      // Coding agents begin with instructions of 20,000 tokens.
      { name: models.tool, capabilities: ['completion' as const, 'tools' as const], contextLength: 131_072 },
    ],
    answer: (prompt: string) => (prompt.includes(prompts.long) ? endless() : `You said ${prompt}`),
    tokenDelayMs: 5,
  };
  const fakes = await Promise.all([startFakeOllama(options), startFakeOllama(options)]);
  const orchestrator = await startOrchestrator();
  await Promise.all(
    fakes.map(({ url }, i) => startAgent({ name: `node${i}`, orchestrators: [orchestrator], ollamaUrl: url })),
  );
  await nodesReady(orchestrator, 2);
  return {
    target: {
      speaks: dialects,
      url: orchestrator.url,
      grpcUrl: `http://127.0.0.1:${orchestrator.facts.grpcPort}`,
      models,
      prompts,
    },
    direct: { url: fakes[0].url, speaks: ['ollama'], models, prompts },
    fakes,
    async close() {
      await stopAll();
      await Promise.all(fakes.map((fake) => fake.close()));
    },
  };
}

function* endless(): Iterable<string> {
  for (;;) yield 'and ';
}

import { startFakeOllama, type FakeOllama, type FakeOllamaOptions } from '@tutti/testing';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import {
  eventually,
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  type Agent,
  type Orchestrator,
} from './processes.ts';

/** The model that every fake Ollama of a rig has. */
export const model = 'llama:1b';

export const messages = [{ role: 'user' as const, content: 'hello' }];

/** A real orchestrator, two real agents, a fake Ollama behind each, and the official clients. */
export interface Rig {
  readonly orchestrator: Orchestrator;
  readonly agents: readonly Agent[];
  readonly fakes: readonly FakeOllama[];
  readonly ollama: Ollama;
  readonly openai: OpenAI;
  /** Sends a body to a path, as it is. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  /** Index of the backend that is at work on a request. */
  busyIndex(): Promise<number>;
  stop(): Promise<void>;
}

interface RigOptions extends FakeOllamaOptions {
  readonly orchestratorArgs?: readonly string[];
  readonly agentArgs?: readonly string[];
}

export async function startRig({
  orchestratorArgs = [],
  agentArgs = [],
  ...fakeOptions
}: RigOptions = {}): Promise<Rig> {
  const orchestrator = await startOrchestrator(orchestratorArgs);
  const fakes = await Promise.all([0, 1].map(() => startFakeOllama({ models: [model], tokens: 200, ...fakeOptions })));
  const agents = await Promise.all(
    fakes.map((fake, i) =>
      startAgent({ name: `node${i}`, orchestrators: [orchestrator], ollamaUrl: fake.url, args: agentArgs }),
    ),
  );
  await nodesReady(orchestrator, 2);
  return {
    orchestrator,
    agents,
    fakes,
    ollama: new Ollama({ host: orchestrator.url }),
    openai: new OpenAI({ baseURL: `${orchestrator.url}/v1`, apiKey: 'any', maxRetries: 0 }),
    post: (path, body, init) =>
      fetch(orchestrator.url + path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...init,
      }),
    busyIndex: () =>
      eventually(() => {
        const index = fakes.findIndex((fake) => fake.live > 0);
        return index < 0 ? undefined : index;
      }, 'a request at a backend'),
    async stop() {
      await stopAll();
      await Promise.all(fakes.map((fake) => fake.close()));
    },
  };
}

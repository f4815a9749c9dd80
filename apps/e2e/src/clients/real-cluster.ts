import type { Provisioned } from '../../../../tools/ollama/provision.ts';
import { startOllama } from '../../../../tools/ollama/start-ollama.ts';
import { nodesReady, startAgent, startOrchestrator, stopAll } from '../processes.ts';
import { dialects, type Target } from './client.ts';

/** A cluster over a real Ollama with small real models, as a target of clients, and that Ollama itself. */
export interface RealCluster {
  readonly target: Target;
  readonly direct: Target;
  close(): Promise<void>;
}

const about = 'What is the capital of France?';

/** Its small models cannot ask for tools. */
const asked = {
  models: { chat: 'smollm2:135m', embed: 'all-minilm' },
  prompts: { chat: about, tool: about, json: about, long: 'Tell a long story.' },
};

export async function startRealCluster(ollama: Provisioned & { available: true }): Promise<RealCluster> {
  const real = await startOllama(ollama);
  const orchestrator = await startOrchestrator();
  await startAgent({ name: 'real', orchestrators: [orchestrator], ollamaUrl: real.url });
  await nodesReady(orchestrator, 1);
  const grpcUrl = `http://127.0.0.1:${orchestrator.facts.grpcPort}`;
  return {
    target: { ...asked, speaks: dialects, url: orchestrator.url, grpcUrl },
    direct: { ...asked, speaks: ['ollama', 'openai', 'anthropic'], url: real.url },
    async close() {
      await stopAll();
      await real.close();
    },
  };
}

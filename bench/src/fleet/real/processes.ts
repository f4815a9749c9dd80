import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicyName } from '@tutti/core/cluster';
import type { Fleet, FleetNode } from '@tutti/simulation';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { nodesReady } from '../../nodes-ready.ts';
import { startProgram, stopPrograms, type Port } from '../../program.ts';
import { scratchFolder } from '../../scratch.ts';

/** An orchestrator, and for each node an agent and a fake Ollama with the machine's speeds. */
export interface Processes {
  readonly url: string;
  readonly fakes: readonly FakeOllama[];
  stop(): Promise<void>;
}

/** More than ever wait or run. */
const bound = '10000';

/** Starts all processes of a fleet, cold, with one policy for all calls. Only one fleet at a time. */
export async function startProcesses(
  { nodes }: Fleet,
  policy: PolicyName,
  answer: (lastMessage: string) => string,
): Promise<Processes> {
  const config = join(await scratchFolder(), 'tutti.yaml');
  await writeFile(config, JSON.stringify({ routes: [{ match: '*', policy }] }));
  const orchestrator = await startProgram<Port & { grpcPort: number }>('@tutti/orchestrator/main', [
    ...['--port', '0', '--grpc-port', '0', '--log-level', 'error', '--data-folder', await scratchFolder()],
    ...['--config', config, '--queue-size', bound, '--concurrency', bound],
  ]);
  const fakes = await Promise.all(nodes.map((node) => startFake(node, answer)));
  await Promise.all(nodes.map((node, index) => startAgent(node, fakes[index]!.url, orchestrator.facts.grpcPort)));
  const url = `http://127.0.0.1:${orchestrator.facts.port}`;
  await nodesReady(url, nodes.length);
  return {
    url,
    fakes,
    async stop() {
      await stopPrograms();
      await Promise.all(fakes.map((fake) => fake.close()));
    },
  };
}

function startFake({ profile, models }: FleetNode, answer: (lastMessage: string) => string): Promise<FakeOllama> {
  const { memoryBytes, parallel, maxRunners, maxQueue, keepAliveMs, slowBySame, slowByOthers } = profile;
  return startFakeOllama({
    ...{ memoryBytes, parallel, maxQueue, keepAliveMs, slowBySame, slowByOthers, answer },
    maxLoadedModels: maxRunners,
    contextLength: profile.defaultNumCtx,
    keepRequests: 0,
    models: models.map((model) => ({
      ...{ name: model.name, sizeBytes: model.sizeBytes, bytesPerToken: model.bytesPerToken },
      contextLength: model.trainedContext,
      capabilities: [model.embedding ? ('embedding' as const) : ('completion' as const)],
      loadMs: profile.loadMs(model),
      prefillSpeed: profile.prefillSpeed(model),
      decodeSpeed: profile.decodeSpeed(model),
    })),
  });
}

async function startAgent({ name, profile }: FleetNode, ollamaUrl: string, grpcPort: number): Promise<void> {
  const { memoryBytes, parallel, maxRunners } = profile;
  await startProgram('@tutti/agent/main', [
    ...['--port', '0', '--name', name, '--orchestrators', `127.0.0.1:${grpcPort}`, '--log-level', 'error'],
    ...['--backend', 'ollama', '--llama-base-url', ollamaUrl, '--data-folder', await scratchFolder()],
    ...['--model-memory', String(memoryBytes), '--ollama-max-loaded-models', String(maxRunners)],
    ...['--ollama-num-parallel', String(parallel), '--queue-concurrency', String(parallel * maxRunners)],
  ]);
}

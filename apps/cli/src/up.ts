import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ClusterError } from '@tutti/core';
import { createShutdown, explain, shutDownOnSignals, type Shutdown } from '@tutti/runtime';
import { cacheFolder, dataFolder } from '@tutti/runtime/folders';
import { ask, pickModel, type Answer } from './ask.ts';
import { banner } from './banner.ts';
import { startChild } from './child.ts';
import { createScreen, type Screen } from './screen.ts';
import { supervise, type Supervised } from './supervisor.ts';

export interface UpOptions {
  readonly port?: string;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly backend: string;
  readonly modelFile?: string;
  readonly logLevel: string;
}

interface OrchestratorFacts {
  readonly port: number;
  readonly grpcPort: number;
  readonly version: string;
}

interface AgentFacts {
  readonly port: number;
  readonly backend: string;
}

const question = 'What is the capital of France?';

/** Where agents come if nobody else is there. */
const usualGrpcPort = 50_051;

/** Running requests get so long to finish once the end was asked for. */
const graceMs = 10_000;

/** From both processes being up to the orchestrator having a node. */
const joinTimeoutMs = 15_000;

/** Starts an orchestrator and an agent as processes of their own, and shows that they work. */
export async function up(options: UpOptions): Promise<void> {
  const screen = createScreen(options.json ?? false);
  const shutdown = createShutdown({
    onError: (part, error) => screen.notice(`${part} did not stop: ${explain(error)}`),
  });
  shutDownOnSignals(shutdown);
  try {
    const real = await start(options, screen, shutdown);
    if (options.once) shutdown.begin(real ? 0 : 1);
  } catch (error) {
    // Whoever asks for the end while it starts gets just that.
    if (shutdown.begun) return;
    screen.notice(explain(error));
    shutdown.begin(1);
  }
}

/** True if a real model has answered. */
async function start(options: UpOptions, screen: Screen, shutdown: Shutdown): Promise<boolean> {
  const agents = superviseAgents(options, screen, shutdown);
  const { port, grpcPort, version } = await startOrchestrator(options, screen, shutdown);
  const { backend } = await agents.start(grpcPort);
  const url = `http://127.0.0.1:${port}`;
  await nodeReady(url);
  const model = await pickModel(url);
  const facts = {
    version,
    url,
    grpcPort,
    backend,
    model,
    dataFolder: dataFolder(process.env),
    cacheFolder: cacheFolder(process.env),
  };
  screen.print(banner(facts));
  const answer = model === undefined ? undefined : await askAloud(url, model, screen);
  if (model === undefined)
    screen.notice(`The ${backend} has no models. Fetch one, for example with "ollama pull qwen3:0.6b".`);
  if (backend === 'echo')
    screen.notice('That was an echo, not a model. Install Ollama, or name a GGUF file with --model-file.');
  const real = answer !== undefined && backend !== 'echo';
  screen.object({ ...facts, question, answer, real });
  if (!options.once) screen.print('\nPress Ctrl-C to stop.\n');
  return real;
}

/** On the usual port for agents, or on any if another instance has that. */
async function startOrchestrator(options: UpOptions, screen: Screen, shutdown: Shutdown): Promise<OrchestratorFacts> {
  const port = options.port === undefined ? [] : ['--port', options.port];
  const launch = (grpcPort: number) =>
    supervise<OrchestratorFacts>({
      start: (before) => {
        const same = before && ['--port', String(before.port), '--grpc-port', String(before.grpcPort)];
        const args = same ?? [...port, '--grpc-port', String(grpcPort)];
        return startChild(program('orchestrator'), [...commonArgs(options), ...args]);
      },
      onRestart: (exit) => screen.notice(`The orchestrator ended (${exit}) and is started again.`),
    });
  let orchestrator = launch(usualGrpcPort);
  shutdown.add('orchestrator', () => orchestrator.stop(graceMs + 1_000));
  return orchestrator.ready.catch((error: Error) => {
    if (!error.message.includes(`Port ${usualGrpcPort} `)) throw error;
    orchestrator = launch(0);
    return orchestrator.ready;
  });
}

/** The agent ends after the orchestrator, whose last requests need it; so its end is registered before its start. */
function superviseAgents(options: UpOptions, screen: Screen, shutdown: Shutdown) {
  const { notice, progress } = screen;
  let agent: Supervised<AgentFacts> | undefined;
  shutdown.add('agent', () => agent?.stop(graceMs));
  return {
    start(grpcPort: number): Promise<AgentFacts> {
      const args = ['--port', '0', '--backend', options.backend, '--orchestrators', `127.0.0.1:${grpcPort}`];
      const file = options.modelFile === undefined ? [] : ['--model-file', options.modelFile];
      agent = supervise<AgentFacts>({
        start: () => startChild(program('agent'), [...commonArgs(options), ...args, ...file], { notice, progress }),
        onRestart: (exit) => notice(`The agent ended (${exit}) and is started again.`),
      });
      return agent.ready;
    },
  };
}

function commonArgs({ logLevel }: UpOptions): string[] {
  return ['--host', '127.0.0.1', '--log-level', logLevel, '--shutdown-grace-ms', String(graceMs)];
}

function program(name: 'agent' | 'orchestrator'): string {
  return fileURLToPath(import.meta.resolve(`@tutti/${name}/main`));
}

/** Waits until the orchestrator has a node. */
async function nodeReady(url: string): Promise<void> {
  const deadline = performance.now() + joinTimeoutMs;
  while (!(await fetch(`${url}/readyz`)).ok) {
    if (performance.now() > deadline) {
      throw new ClusterError(
        'no_healthy_node',
        `The agent has not joined in ${joinTimeoutMs / 1_000} s. See why with --log-level info.`,
      );
    }
    await sleep(20);
  }
}

/** The question is a courtesy: if it fails, that is told, and the service goes on. */
async function askAloud(url: string, model: string, screen: Screen): Promise<Answer | undefined> {
  screen.print(`\n${model}, ${question.charAt(0).toLowerCase()}${question.slice(1)}\n  `);
  const answer = await ask(url, model, question, screen.print).catch((error: unknown) => {
    screen.notice(`\nThe model did not answer: ${explain(error)}`);
    return undefined;
  });
  if (!answer) return undefined;
  const speed = answer.tokensPerSecond === undefined ? '' : `${answer.tokensPerSecond.toFixed(1)} tokens/s, `;
  screen.print(`\n  (${speed}node ${answer.node}: ${answer.route})\n`);
  return answer;
}

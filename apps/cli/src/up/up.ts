import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '@tutti/core';
import { createShutdown, explain, shutDownOnSignals, type Shutdown } from '@tutti/runtime';
import type { Client } from '../connection/client.ts';
import { connectLocally } from '../connection/connect.ts';
import { exitCodeOf } from '../exit-code.ts';
import { createOutput, type Output, type OutputOptions } from '../output/output.ts';
import { pickModel } from '../talk/pick-model.ts';
import { streamChat, type Reply } from '../talk/stream-chat.ts';
import { banner } from './banner.ts';
import { startChild } from './child.ts';
import { narrate } from './narrate.ts';
import { programFile } from './program.ts';
import { upSettings, type UpFlags, type UpSettings } from './settings.ts';
import { supervise, type Supervised } from './supervisor.ts';

export interface UpOptions extends UpFlags, OutputOptions {
  readonly once?: boolean;
}

interface OrchestratorFacts {
  readonly port: number;
  readonly grpcPort: number;
  readonly version: string;
  /** Whether other machines can come. */
  readonly exposed: boolean;
  /** The admin key, if this start has made it. */
  readonly firstAdminKey?: string;
  /** With which the agent of this machine joins. */
  readonly joinToken?: string;
}

interface AgentFacts {
  readonly port: number;
  readonly backend: string;
}

/** What all steps of the start share. */
interface Scene {
  readonly settings: UpSettings;
  readonly output: Output;
  readonly shutdown: Shutdown;
}

const question = 'What is the capital of France?';

/** From both processes being up to the orchestrator having a node. */
const joinTimeoutMs = 15_000;

/** Starts an orchestrator and an agent as processes of their own, and shows that they work. */
export async function up(options: UpOptions): Promise<void> {
  const output = createOutput(options);
  const settings = upSettings(options, process.env);
  const shutdown = createShutdown({
    onError: (part, error) => output.note(`${part} did not stop: ${explain(error)}`),
  });
  shutDownOnSignals(shutdown);
  try {
    const real = await start({ settings, output, shutdown }, options.once ?? false);
    if (options.once) shutdown.begin(real ? 0 : 1);
  } catch (error) {
    // Whoever asks for the end while it starts gets just that.
    if (shutdown.begun) return;
    process.stderr.write(`${explain(error)}\n`);
    shutdown.begin(exitCodeOf(error));
  }
}

/** True if a real model has answered. */
async function start(scene: Scene, once: boolean): Promise<boolean> {
  const { settings, output } = scene;
  const agents = superviseAgents(scene);
  const orchestrator = await startOrchestrator(scene);
  const { backend } = await agents.start(orchestrator);
  const { server, dataFolder, cacheFolder } = settings.current;
  const { version, port, grpcPort, exposed, firstAdminKey: adminKey } = orchestrator;
  const client = await connectLocally({ ...settings.current, server: { ...server, port } }, adminKey);
  await nodeReady(client);
  const model = await pickModel(client);
  const networkUrl = exposed ? `${new URL(client.url).protocol}//${server.advertise ?? hostname()}:${port}` : undefined;
  const facts = {
    ...{ version, url: client.url, grpcPort, backend, model, dataFolder, cacheFolder, networkUrl },
    ...{ adminKey, exposed },
  };
  output.piece(banner(facts));
  const answer = model === undefined ? undefined : await askAloud(client, model, output);
  if (model === undefined)
    output.note(`The ${backend} has no models. Fetch one, for example with "ollama pull qwen3:0.6b".`);
  if (backend === 'echo')
    output.note('That was an echo, not a model. Install Ollama, or name a GGUF file with --model-file.');
  const real = answer !== undefined && backend !== 'echo';
  output.answer({ ...facts, question, answer, real }, () => '');
  if (!once) output.piece('\nPress Ctrl-C to stop.\n');
  return real;
}

/** On the usual port for agents, or on any if another instance has that and nobody asked for it. */
async function startOrchestrator({ settings, output, shutdown }: Scene): Promise<OrchestratorFacts> {
  const { grpcPort } = settings.current.server;
  const launch = (ports: readonly string[]) =>
    supervise<OrchestratorFacts>({
      start: (before) => {
        const same = before && ['--port', String(before.port), '--grpc-port', String(before.grpcPort)];
        const args = [...settings.orchestratorArgs, ...(same ?? ports)];
        return startChild(programFile('orchestrator'), args, settings);
      },
      onRestart: (exit) => output.note(`The orchestrator ended (${exit}) and is started again.`),
    });
  let orchestrator = launch(settings.portArgs);
  shutdown.add('orchestrator', () => orchestrator.stop(settings.graceMs + 1_000));
  return orchestrator.ready.catch((error: Error) => {
    if (!settings.anyGrpcPort || !error.message.includes(`Port ${grpcPort} `)) throw error;
    orchestrator = launch([...settings.portArgs, '--grpc-port', '0']);
    return orchestrator.ready;
  });
}

/** The agent ends after the orchestrator, whose last requests need it; so its end is registered before its start. */
function superviseAgents({ settings, output, shutdown }: Scene) {
  const { notice, progress } = narrate(output);
  let agent: Supervised<AgentFacts> | undefined;
  shutdown.add('agent', () => agent?.stop(settings.graceMs));
  return {
    start({ grpcPort, exposed, joinToken }: OrchestratorFacts): Promise<AgentFacts> {
      const address = `127.0.0.1:${grpcPort}`;
      const token = joinToken === undefined ? [] : ['--token', joinToken];
      const way = exposed ? ['--join', address, ...token] : ['--orchestrators', address];
      // An agent of this machine that belongs to another cluster has a folder of its own.
      const folder = ['--data-folder', join(settings.current.dataFolder, 'up')];
      agent = supervise<AgentFacts>({
        start: () =>
          startChild(programFile('agent'), [...settings.agentArgs, ...way, ...folder], {
            listen: { notice, progress },
            logView: settings.logView,
          }),
        onRestart: (exit) => output.note(`The agent ended (${exit}) and is started again.`),
      });
      return agent.ready;
    },
  };
}

/** Waits until the orchestrator has a node. */
async function nodeReady(client: Client): Promise<void> {
  const deadline = performance.now() + joinTimeoutMs;
  const isReady = () =>
    client.send('GET', '/readyz').then(
      () => true,
      () => false,
    );
  while (!(await isReady())) {
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
async function askAloud(client: Client, model: string, output: Output): Promise<Reply | undefined> {
  output.piece(`\n${model}, ${question.charAt(0).toLowerCase()}${question.slice(1)}\n  `);
  const messages = [{ role: 'user' as const, content: question }];
  const options = { temperature: 0, num_predict: 64, repeat_penalty: 1 };
  try {
    const answer = await streamChat(client, { model, messages, options }, { onText: output.piece });
    const speed = answer.tokensPerSecond === undefined ? '' : `${answer.tokensPerSecond.toFixed(1)} tokens/s, `;
    output.piece(`\n  (${speed}node ${answer.node}: ${answer.route})\n`);
    return answer;
  } catch (error) {
    output.note(`\nThe model did not answer: ${explain(error)}`);
    return undefined;
  }
}

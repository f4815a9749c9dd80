import { setTimeout as sleep } from 'node:timers/promises';
import { startNginx } from './nginx.ts';
import { startProgram, type Port, type Program } from './program.ts';
import { scratchFolder } from './scratch.ts';

/** A way from the client to the backend. */
export interface Target {
  readonly name: 'direct' | 'nginx' | 'relay' | 'tutti';
  readonly url: string;
  /** Its own processes, by what they are; client and backend belong to no target. */
  readonly pids: Readonly<Record<string, number>>;
}

/** Calls that Tutti takes at a time; more than any work sends. */
const slots = 2_000;

/** All that can be compared on this machine, in the order in which they take turns. */
export async function startTargets(backend: Program<Port>): Promise<Target[]> {
  const nginx = await startNginx(addressOf(backend));
  return [
    { name: 'direct', url: urlOf(backend), pids: {} },
    ...(nginx ? [{ name: 'nginx' as const, url: urlOf(nginx), pids: { nginx: nginx.pid } }] : []),
    await startRelay(backend),
    await startTutti(backend),
  ];
}

/** The backend that all targets lead to. */
export function startBackend({ tokenDelayMs }: { readonly tokenDelayMs: number }): Promise<Program<Port>> {
  return startProgram(new URL('backend/main.ts', import.meta.url).href, ['--token-delay-ms', String(tokenDelayMs)]);
}

export async function startRelay(backend: Program<Port>): Promise<Target> {
  const agent = await startProgram(new URL('relay/agent.ts', import.meta.url).href, [urlOf(backend)]);
  const orchestrator = await startProgram(new URL('relay/orchestrator.ts', import.meta.url).href, [addressOf(agent)]);
  return { name: 'relay', url: urlOf(orchestrator), pids: { orchestrator: orchestrator.pid, agent: agent.pid } };
}

interface TuttiTarget extends Target {
  readonly programs: Readonly<Record<string, Program<unknown>>>;
}

/** Tutti as it ships: the same processes with the same settings, but for the number of slots and the log. */
export async function startTutti(backend: Program<Port>, execArgv: readonly string[] = []): Promise<TuttiTarget> {
  const orchestratorArgs = [
    ...['--port', '0', '--grpc-port', '0', '--log-level', 'error', '--data-folder', await scratchFolder()],
    ...['--queue-size', String(slots), '--concurrency', String(slots)],
  ];
  const orchestrator = await startProgram<Port & { grpcPort: number }>(
    '@tutti/orchestrator/main',
    orchestratorArgs,
    execArgv,
  );
  const agentArgs = [
    ...['--port', '0', '--orchestrators', `127.0.0.1:${orchestrator.facts.grpcPort}`],
    ...['--backend', 'ollama', '--llama-base-url', urlOf(backend), '--log-level', 'error'],
    ...['--queue-concurrency', String(slots), '--ollama-num-parallel', String(slots)],
    ...['--data-folder', await scratchFolder()],
  ];
  const agent = await startProgram('@tutti/agent/main', agentArgs, execArgv);
  const url = urlOf(orchestrator);
  await untilReady(url);
  const pids = { orchestrator: orchestrator.pid, agent: agent.pid };
  return { name: 'tutti', url, pids, programs: { orchestrator, agent } };
}

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await fetch(`${url}/readyz`)).ok) {
    if (performance.now() > deadline) throw new Error('the agent has not joined the orchestrator');
    await sleep(20);
  }
}

function urlOf(program: Program<Port>): string {
  return `http://${addressOf(program)}`;
}

function addressOf({ facts }: Program<Port>): string {
  return `127.0.0.1:${facts.port}`;
}

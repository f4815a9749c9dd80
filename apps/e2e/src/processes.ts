import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A real process of ours under test. */
export interface Program<Facts> {
  /** What it said when it was ready. */
  readonly facts: Facts;
  readonly pid: number;
  /** What it has logged so far. */
  readonly log: () => string;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
}

export interface Orchestrator extends Program<{ port: number; grpcPort: number }> {
  readonly url: string;
}

export type Agent = Program<{ port: number; backend: string }>;

const running = new Set<ChildProcess>();

/** Pings this fast make a hung agent known within 1.5 s. */
const quickKeepalive = ['--keepalive-ms', '1000', '--keepalive-timeout-ms', '500'];

export async function startOrchestrator(args: readonly string[] = []): Promise<Orchestrator> {
  const ports = ['--port', '0', '--grpc-port', '0'];
  const program = await startProgram<{ port: number; grpcPort: number }>('orchestrator', [
    ...ports,
    ...quickKeepalive,
    ...args,
  ]);
  return { ...program, url: `http://127.0.0.1:${program.facts.port}` };
}

interface AgentOptions {
  readonly name: string;
  readonly orchestrators: readonly Pick<Orchestrator, 'facts'>[];
  readonly backend?: 'ollama' | 'embedded' | 'echo' | 'auto';
  readonly ollamaUrl?: string;
  readonly args?: readonly string[];
}

export async function startAgent({
  name,
  orchestrators,
  backend = 'ollama',
  ollamaUrl,
  args = [],
}: AgentOptions): Promise<Agent> {
  const addresses = orchestrators.map(({ facts }) => `127.0.0.1:${facts.grpcPort}`).join(',');
  return startProgram('agent', [
    ...['--port', '0', '--name', name, '--orchestrators', addresses, '--backend', backend],
    ...['--data-folder', await mkdtemp(join(tmpdir(), 'tutti-agent-'))],
    ...(ollamaUrl === undefined ? [] : ['--llama-base-url', ollamaUrl]),
    ...quickKeepalive,
    ...args,
  ]);
}

/** Ends every process that a test has left. */
export async function stopAll(): Promise<void> {
  const exits = [...running].map((child) => once(child, 'exit'));
  for (const child of running) {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  }
  await Promise.all(exits);
}

async function startProgram<Facts>(name: 'orchestrator' | 'agent', args: readonly string[]): Promise<Program<Facts>> {
  const file = fileURLToPath(import.meta.resolve(`@tutti/${name}/main`));
  const child = fork(file, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  running.add(child);
  let log = '';
  child.stderr?.on('data', (bytes: Buffer) => (log += bytes.toString('utf8')));
  const exited = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child);
      resolve(code ?? signal ?? 1);
    });
  });
  const facts = await new Promise<Facts>((resolve, reject) => {
    child.on('message', (message: { ready?: Facts; failed?: string }) => {
      if (message.ready) resolve(message.ready);
      if (message.failed) reject(new Error(message.failed));
    });
    void exited.then((exit) => reject(new Error(`${name} ended (${exit}): ${log}`)));
  });
  return { facts, pid: child.pid!, log: () => log, exited, kill: (signal) => void child.kill(signal) };
}

/** Waits until `check` gives something; what is looked at lives in another process and cannot be awaited. */
export async function eventually<T>(
  check: () => Promise<T | undefined> | T | undefined,
  what: string,
  limitMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`not in ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits until as many nodes are ready as there should be. */
export async function nodesReady({ url }: Orchestrator, count: number): Promise<void> {
  await eventually(async () => {
    const { nodes } = (await (await fetch(`${url}/health`)).json()) as { nodes: { healthy: number } };
    return nodes.healthy === count || undefined;
  }, `${count} nodes ready`);
}

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A real process of ours under test. */
export interface Program<Facts> {
  /** What it said when it was ready. */
  readonly facts: Facts;
  readonly pid: number;
  /** What it has written so far: its log. */
  readonly log: () => string;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | string>;
}

export interface OrchestratorFacts {
  readonly port: number;
  readonly grpcPort: number;
  /** Only at the first start of one that other machines can reach. */
  readonly firstAdminKey?: string;
}

export interface Orchestrator extends Program<OrchestratorFacts> {
  readonly url: string;
}

export type Agent = Program<{ port: number; backend: string }>;

const running = new Set<ChildProcess>();
const folders = new Set<string>();

/** Pings this fast make a hung agent known within 1.5 s. */
export const quickKeepalive = ['--keepalive-ms', '1000', '--keepalive-timeout-ms', '500'];

/** Pings as they are by default: a process that is busy for a second, as with a model's template, is not taken for hung. */
export const usualKeepalive = ['--keepalive-ms', '10000', '--keepalive-timeout-ms', '5000'];

export async function startOrchestrator(args: readonly string[] = []): Promise<Orchestrator> {
  const program = await startProgram<OrchestratorFacts>('orchestrator', [
    ...['--port', '0', '--grpc-port', '0', '--data-folder', await temporaryFolder()],
    ...quickKeepalive,
    ...args,
  ]);
  return { ...program, url: `http://127.0.0.1:${program.facts.port}` };
}

interface AgentOptions {
  readonly name: string;
  readonly orchestrators: readonly Pick<Orchestrator, 'facts'>[];
  readonly backend?: 'ollama' | 'openai' | 'anthropic' | 'embedded' | 'echo' | 'auto';
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
    ...['--data-folder', await temporaryFolder()],
    ...(ollamaUrl === undefined ? [] : ['--llama-base-url', ollamaUrl]),
    ...quickKeepalive,
    ...args,
  ]);
}

/** A folder that is gone after `stopAll`. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-e2e-'));
  folders.add(folder);
  return folder;
}

/** Ends every process that a test has left, and removes its folders. */
export async function stopAll(): Promise<void> {
  const exits = [...running].map((child) => once(child, 'exit'));
  for (const child of running) {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  }
  await Promise.all(exits);
  await Promise.all([...folders].map((folder) => rm(folder, { recursive: true, force: true })));
  folders.clear();
}

/** Starts a program of ours, in a network namespace if one is named; it takes no arguments but these. */
export async function startProgram<Facts>(
  name: 'orchestrator' | 'agent',
  args: readonly string[],
  namespace?: string,
): Promise<Program<Facts>> {
  const file = fileURLToPath(import.meta.resolve(`@tutti/${name}/main`));
  // Whatever settings this machine's user has are not those of a test.
  const env = { ...process.env, TUTTI_CONFIG: devNull };
  const child = fork(file, args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    ...(namespace !== undefined && { execPath: 'ip', execArgv: ['netns', 'exec', namespace, process.execPath] }),
  });
  running.add(child);
  let log = '';
  for (const output of [child.stdout, child.stderr]) {
    output?.on('data', (bytes: Buffer) => (log += bytes.toString('utf8')));
  }
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

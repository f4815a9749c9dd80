import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetchedJars } from './fetched-jars.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('main.java', import.meta.url));
const oldestJava = 17;

/** A server that speaks MongoDB's protocol, in a process of its own, empty at first and kept in memory. */
export interface MongoServer {
  readonly uri: string;
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
  /** Ends it without a word to its clients. */
  kill(): Promise<void>;
}

/**
 * Starts mongo-java-server on loopback. It needs a JDK, and Maven the first time on a machine, which may take two
 * minutes; `skipped` says what is missing. It has no transactions, no change streams, and TTL indexes that do nothing.
 */
export async function startMongoServer(
  env: NodeJS.ProcessEnv = process.env,
): Promise<MongoServer | { readonly skipped: string }> {
  const java = await compilerVersion();
  if (java < oldestJava) return { skipped: `it needs a JDK of Java ${oldestJava}, ${java || 'none'} is installed` };
  let jars: string;
  try {
    jars = await fetchedJars(env);
  } catch (error) {
    return { skipped: `Maven cannot fetch mongo-java-server: ${firstLine(error)}` };
  }
  return start(jars);
}

async function start(jars: string): Promise<MongoServer> {
  const child = spawn('java', ['-Xmx256m', '-cp', join(jars, '*'), program], { stdio: ['pipe', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  child.stdin.on('error', () => {});
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(([code]) => Promise.reject(new Error(`mongo-java-server ended with ${code} before it listened`))),
  ])) as [string];
  const port = Number(line);
  return {
    uri: `mongodb://127.0.0.1:${port}/?retryWrites=false`,
    host: '127.0.0.1',
    port,
    stop: () => ended(child, exited, () => child.stdin.end()),
    kill: () => ended(child, exited, () => child.kill('SIGKILL')),
  };
}

async function ended(child: ChildProcess, exited: Promise<unknown>, end: () => void): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) end();
  await exited;
}

/** 0: none. */
async function compilerVersion(): Promise<number> {
  try {
    const { stdout } = await run('javac', ['-version']);
    return Number(/\d+/.exec(stdout)?.[0]);
  } catch {
    return 0;
  }
}

function firstLine(error: unknown): string {
  const { stdout, message } = error as Error & { stdout?: string };
  return (stdout || message).split('\n', 1)[0] ?? '';
}

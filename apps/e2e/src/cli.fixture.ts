import { spawn, type ChildProcess } from 'node:child_process';
import { devNull } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './processes.ts';

export const cli = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url));

/** `tutti` while it runs. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  readonly out: () => string;
  /** What it has said beside that. */
  readonly talk: () => string;
  readonly exited: Promise<number | string>;
}

export interface Finished {
  /** Its exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly out: string;
  readonly talk: string;
}

export interface Tutti {
  /** Its environment: folders of its own, and no settings of this machine. */
  readonly env: NodeJS.ProcessEnv;
  start(...args: readonly string[]): Running;
  /** Runs it to its end, with nothing on stdin. */
  run(...args: readonly string[]): Promise<Finished>;
  /** Runs it to its end, with the text on stdin. */
  type(text: string, ...args: readonly string[]): Promise<Finished>;
  /** The JSON that it prints. */
  json<T>(...args: readonly string[]): Promise<T>;
}

const started = new Set<ChildProcess>();

/** The command line of a person who has a home of their own; stopped by `stopCommands`. */
export async function createTutti(extra: NodeJS.ProcessEnv = {}): Promise<Tutti> {
  const home = await temporaryFolder();
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...{
      TUTTI_CONFIG: devNull,
      TUTTI_KEY: '',
      TUTTI_URL: '',
      PORT: '',
      OLLAMA_HOST: '127.0.0.1:1',
      LLAMA_BASE_URL: '',
    },
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_STATE_HOME: join(home, 'state'),
    ...extra,
  };
  const start = (...args: readonly string[]): Running => {
    const child = spawn(process.execPath, [cli, ...args], { env, cwd: home, stdio: 'pipe' });
    started.add(child);
    let out = '';
    let talk = '';
    child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString('utf8')));
    child.stderr.on('data', (bytes: Buffer) => (talk += bytes.toString('utf8')));
    // It may end before it has read everything.
    child.stdin.on('error', () => {});
    const exited = new Promise<number | string>((resolve) => {
      child.once('close', (code, signal) => {
        started.delete(child);
        resolve(code ?? signal ?? 1);
      });
    });
    return { child, out: () => out, talk: () => talk, exited };
  };
  const type: Tutti['type'] = async (text, ...args) => {
    const { child, out, talk, exited } = start(...args);
    child.stdin!.end(text);
    return { code: await exited, out: out(), talk: talk() };
  };
  return {
    env,
    start,
    type,
    run: (...args) => type('', ...args),
    async json<T>(...args: readonly string[]) {
      const { code, out, talk } = await type('', ...args, '--json');
      if (code !== 0) throw new Error(`tutti ${args.join(' ')}: ${code} ${talk}`);
      return JSON.parse(out) as T;
    },
  };
}

/** Ends what a test has left running. */
export async function stopCommands(): Promise<void> {
  const exits = [...started].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of started) child.kill('SIGKILL');
  await Promise.all(exits);
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Unavailable } from './run-command.ts';

export interface StartOllama {
  /** Path of the program. */
  readonly binary: string;
  /** Folder with models. It is not written to: the instance works on hard links of its files. Without it there are no models. */
  readonly modelsFolder?: string;
  /** 0 for any that is free. */
  readonly port?: number;
  /** OLLAMA_* settings on top of one slot per runner and 2048 tokens of context. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RealOllama {
  readonly url: string;
  readonly port: number;
  /** Its own models folder, deleted by `close`. */
  readonly modelsFolder: string;
  /** Process id, for tests that signal it. Its runners are in the process group of the same id. */
  readonly pid: number;
  /** Kills it and its runners, and deletes its folders. */
  close(): Promise<void>;
}

/** Starts one Ollama on loopback with a home of its own. Several may run side by side. */
export async function startOllama(options: StartOllama): Promise<RealOllama> {
  const home = await mkdtemp(join(tmpdir(), 'tutti-ollama-'));
  const modelsFolder = join(home, 'models');
  await (options.modelsFolder === undefined ? mkdir(modelsFolder) : linkTree(options.modelsFolder, modelsFolder));
  const child = spawn(options.binary, ['serve'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      OLLAMA_HOST: `127.0.0.1:${options.port ?? 0}`,
      OLLAMA_MODELS: modelsFolder,
      OLLAMA_NUM_PARALLEL: '1',
      OLLAMA_CONTEXT_LENGTH: '2048',
      ...options.env,
    },
  });
  const killGroup = (): void => signalGroup(child, 'SIGKILL');
  process.once('exit', killGroup);
  const close = async (): Promise<void> => {
    process.off('exit', killGroup);
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    killGroup();
    await gone;
    await rm(home, { recursive: true, force: true });
  };
  try {
    const port = await listeningPort(child);
    return { url: `http://127.0.0.1:${port}`, port, modelsFolder, pid: child.pid ?? 0, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** Its runners are children of it that outlive it, so the whole group goes. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch {
    // All of them are gone already.
  }
}

/** Goes on reading the log afterwards: a full pipe would stop the server. */
function listeningPort(child: ChildProcess): Promise<number> {
  const { stderr } = child;
  if (stderr === null) throw new Error('ollama was started without a pipe for its log');
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let last = 'it said nothing';
  const lines = createInterface({ input: stderr });
  lines.on('line', (line) => {
    last = line;
    const port = /Listening on [^ ]*:(\d+)/.exec(line)?.[1];
    if (port !== undefined) resolve(Number(port));
  });
  lines.once('close', () => reject(new Unavailable(`ollama serve ended before it listened: ${last}`)));
  child.once('error', (thrown) => reject(new Unavailable(`ollama could not be started: ${thrown.message}`)));
  return promise;
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    await (entry.isDirectory() ? linkTree(source, target) : link(source, target));
  }
}

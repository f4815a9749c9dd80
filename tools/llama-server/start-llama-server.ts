import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { toolTemplate } from './tool-template.ts';

export interface StartLlamaServer {
  /** Path of the program. */
  readonly binary: string;
  /** Path of a GGUF file. */
  readonly model: string;
  /** What its model is called. */
  readonly name: string;
  /** Whether the model's template knows tools; by default it has its own template. */
  readonly tools?: boolean;
  /** Whether it makes vectors too. */
  readonly embeddings?: boolean;
}

export interface LlamaServer {
  /** With /v1 at its end. */
  readonly url: string;
  /** Kills it. */
  close(): Promise<void>;
}

/** Of each of its two slots. */
export const contextLength = 2048;

/** Starts one llama-server on loopback, with one thread and two slots; resolves when its model is loaded. */
export async function startLlamaServer(options: StartLlamaServer): Promise<LlamaServer> {
  const { binary, model, name, tools = false, embeddings = false } = options;
  const folder = await mkdtemp(join(tmpdir(), 'tutti-llama-server-'));
  const template = join(folder, 'template.jinja');
  await writeFile(template, toolTemplate);
  const args = [
    ...['--model', model, '--alias', name, '--port', '0', '--offline'],
    ...['--threads', '1', '--parallel', '2', '--ctx-size', String(2 * contextLength)],
    ...(tools ? ['--chat-template-file', template] : []),
    ...(embeddings ? ['--embeddings', '--pooling', 'mean'] : []),
  ];
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const close = async (): Promise<void> => {
    process.off('exit', kill);
    const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined;
    kill();
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: `${await listeningUrl(child)}/v1`, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** It listens once the model is loaded. The log is read on: a full pipe would stop the server. */
function listeningUrl(child: ChildProcess): Promise<string> {
  const { stderr } = child;
  if (stderr === null) throw new Error('llama-server was started without a pipe for its log');
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let last = 'it said nothing';
  const lines = createInterface({ input: stderr });
  lines.on('line', (line) => {
    last = line;
    const url = /listening on (http:\/\/[^ ]+)/.exec(line)?.[1];
    if (url !== undefined) resolve(url);
  });
  lines.once('close', () => reject(new Error(`llama-server ended before it listened: ${last}`)));
  child.once('error', reject);
  return promise;
}

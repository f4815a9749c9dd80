import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { bytes } from '../output/format.ts';
import { existingFolder } from './existing-folder.ts';
import { broken, ok, warning, type Finding, type Patient } from './finding.ts';
import { isOlder } from './is-older.ts';

const oldestNode = '22.18.0';
/** Before it, calls of tools do not stream. */
const oldestOllama = '0.9.0';
const littleDiskBytes = 5e9;
const ollamaTimeoutMs = 2_000;

export function checkNodeVersion(): Finding {
  const { node } = process.versions;
  if (!isOlder(node, oldestNode)) return ok('Node.js', node);
  return broken('Node.js', `${node} is older than ${oldestNode}`, `Install Node.js ${oldestNode} or newer.`);
}

export function checkConfig({ settings, configFile }: Patient): Finding {
  if (!(settings instanceof Error)) return ok('configuration', configFile ?? 'no file; every setting has a default');
  const fix = 'Mend the file, and check it with "tutti config validate".';
  return broken('configuration', settings.message.split('\n').join('; '), fix);
}

export async function checkDisk({ settings }: Patient): Promise<Finding | undefined> {
  if (settings instanceof Error) return undefined;
  const folder = await existingFolder(settings.cacheFolder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= littleDiskBytes) return ok('disk', `${bytes(free)} free at ${folder}`);
  return warning(
    'disk',
    `only ${bytes(free)} free at ${folder}`,
    'Make room: models take gigabytes. "tutti rm" deletes one.',
  );
}

/** Ollama knows best what it can use; this tells what is there. */
export async function checkGpu(): Promise<Finding> {
  if (process.platform === 'darwin') return ok('GPU', "Apple's own");
  const query = ['--query-gpu=name,memory.total', '--format=csv,noheader'];
  const { stdout } = await promisify(execFile)('nvidia-smi', query).catch(() => ({ stdout: '' }));
  const gpus = stdout.split('\n').filter(Boolean);
  return ok(
    'GPU',
    gpus.join('; ') || 'no NVIDIA driver answers: models run on the processor, unless Ollama knows another',
  );
}

export async function checkOllama({ agentSettings }: Patient): Promise<Finding | undefined> {
  if (!agentSettings) return undefined;
  const url = ollamaUrl(agentSettings.llamaBaseUrl ?? agentSettings.ollamaHost);
  const read = async <T>(path: string): Promise<T> => {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), ollamaTimeoutMs);
    try {
      return (await (await fetch(url + path, { signal: late.signal })).json()) as T;
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    const { version } = await read<{ version: string }>('/api/version');
    const { models } = await read<{ models: unknown[] }>('/api/tags');
    const detail = `${version} at ${url}, ${models.length} models`;
    if (isOlder(version, oldestOllama)) {
      return warning(
        'Ollama',
        `${detail}; ${oldestOllama} streams calls of tools`,
        'Update Ollama: https://ollama.com/download',
      );
    }
    return models.length > 0 ? ok('Ollama', detail) : warning('Ollama', detail, 'Fetch a model: tutti pull qwen3:0.6b');
  } catch {
    const fix = `Start Ollama, or install it from https://ollama.com/download. "tutti up" does without it.`;
    return warning('Ollama', `nobody answers at ${url}`, fix);
  }
}

/** As Ollama and the agent read it. */
function ollamaUrl(text = '127.0.0.1:11434'): string {
  const url = new URL(/^https?:\/\//.test(text) ? text : `http://${text}`);
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.port === '' && url.protocol === 'http:' && !/^https?:/.test(text)) url.port = '11434';
  return url.href.replace(/\/+$/, '').replace(/\/api$/, '');
}

/** Of interest only if our own program does not hold them. */
export async function checkPorts({ settings, cluster }: Patient): Promise<Finding | undefined> {
  if (settings instanceof Error || !(cluster instanceof Error)) return undefined;
  const { host, port, grpcPort } = settings.server;
  const taken = [];
  for (const wanted of [port, grpcPort]) if (!(await isFree(host, wanted))) taken.push(wanted);
  if (taken.length === 0) return ok('ports', `${port} and ${grpcPort} are free`);
  return broken(
    'ports',
    `${taken.join(' and ')} are taken, and not by an orchestrator that lets you in`,
    `See who has it with "ss -ltnp", or choose another: tutti up --port ${port + 1000}`,
  );
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

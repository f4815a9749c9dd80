import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../../../../tools/ollama/cached.ts';
import { cacheFolder } from '../../../../tools/ollama/cache-folder.ts';
import { runCommand } from '../../../../tools/ollama/run-command.ts';
import { inProgram } from './child-program.ts';
import type { Client } from './client.ts';

const folder = join(import.meta.dirname, 'python');

interface Script extends Omit<Client, 'run' | 'from'> {
  readonly script: string;
  readonly requirements?: string;
}

/** The PyPI clients. litellm asks for an older openai than the others and gets a place of its own. */
export const pythonClients: readonly Client[] = [
  python({ name: 'ollama', dialect: 'ollama', script: 'ollama_client.py' }),
  python({ name: 'openai', dialect: 'openai', script: 'openai_client.py' }),
  python({
    ...{ name: 'anthropic', dialect: 'anthropic', script: 'anthropic_client.py' },
    lacks: { embed: 'Anthropic has no embeddings' },
  }),
  python({
    ...{ name: 'langchain-ollama', dialect: 'ollama', script: 'langchain_client.py' },
    lacks: { list: 'LangChain has no call for it' },
  }),
  python({
    ...{ name: 'litellm', dialect: 'openai', script: 'litellm_client.py', requirements: 'requirements-litellm.txt' },
    lacks: { list: 'it lists what it knows itself' },
  }),
  python({ name: 'llm-ollama', dialect: 'ollama', script: 'llm_client.py' }),
];

function python({ script, requirements = 'requirements.txt', ...facts }: Script): Client {
  return inProgram({ ...facts, from: 'PyPI' }, async () => ({
    command: join(await environment(requirements), 'bin', 'python'),
    args: [join(folder, script)],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
  }));
}

const made = new Map<string, Promise<string>>();

/** A virtual environment with what the file lists; made once a machine, and anew when the file changes. Throws Unavailable. */
function environment(requirements: string): Promise<string> {
  const known = made.get(requirements) ?? makeEnvironment(join(folder, requirements));
  made.set(requirements, known);
  return known;
}

async function makeEnvironment(requirements: string): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 8);
  // Scripts in an environment name its place, so it is made where it stays and counts when its mark is there.
  const place = join(cacheFolder(), 'clients', `python-${hash}`);
  await cached(join(cacheFolder(), 'clients', `python-${hash}.made`), async (mark) => {
    await runCommand('python3', ['-m', 'venv', '--clear', place]);
    const quiet = ['--quiet', '--disable-pip-version-check'];
    await runCommand(join(place, 'bin', 'python'), ['-m', 'pip', 'install', ...quiet, '-r', requirements]);
    await runCommand('touch', [mark]);
  });
  return place;
}

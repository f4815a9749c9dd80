import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../../../../tools/ollama/cached.ts';
import { cacheFolder } from '../../../../tools/ollama/cache-folder.ts';
import { runCommand } from '../../../../tools/ollama/run-command.ts';
import { inProgram } from './child-program.ts';
import type { Client } from './client.ts';

const folder = join(import.meta.dirname, 'go');

export const goClients: readonly Client[] = [
  inProgram({ name: 'github.com/ollama/ollama/api', from: 'Go', dialect: 'ollama' }, async () => ({
    command: await program(),
  })),
];

/** Path of the client's program, built once a machine and anew when its source changes. Throws Unavailable. */
async function program(): Promise<string> {
  const sources = await Promise.all(['go.mod', 'go.sum', 'main.go'].map((file) => readFile(join(folder, file))));
  const hash = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 8);
  return cached(join(cacheFolder(), 'clients', `go-${hash}`), async (target) => {
    await runCommand('go', ['build', '-C', folder, '-o', target, '.']);
  });
}

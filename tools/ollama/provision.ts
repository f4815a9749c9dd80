import { createHash } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cached.ts';
import { cacheFolder } from './cache-folder.ts';
import { buildOllama, ollamaVersion } from './ollama-binary.ts';
import { modelfile, recipes } from './recipes.ts';
import { runCommand, Unavailable } from './run-command.ts';
import { startOllama } from './start-ollama.ts';

/** A real Ollama with the models of `recipes.ts`, or one sentence that says why this machine cannot have it. */
export type Provisioned =
  | { readonly available: true; readonly version: string; readonly binary: string; readonly modelsFolder: string }
  | { readonly available: false; readonly reason: string };

/** Builds and downloads what is not cached yet: up to ten minutes the first time. */
export async function provisionOllama(): Promise<Provisioned> {
  try {
    const binary = await buildOllama();
    return { available: true, version: ollamaVersion, binary, modelsFolder: await createModels(binary) };
  } catch (thrown) {
    if (thrown instanceof Unavailable) return { available: false, reason: thrown.message };
    throw thrown;
  }
}

/** Other recipes are another folder. */
function createModels(binary: string): Promise<string> {
  const version = createHash('sha256').update(JSON.stringify(recipes)).digest('hex').slice(0, 8);
  return cached(join(cacheFolder(), `ollama-${ollamaVersion}`, `models-${version}`), async (target, scratch) => {
    const server = await startOllama({ binary });
    try {
      for (const recipe of recipes) {
        const file = join(scratch, 'Modelfile');
        await writeFile(file, await modelfile(recipe));
        await runCommand(binary, ['create', recipe.name, '-f', file], { OLLAMA_HOST: server.url, HOME: scratch });
      }
      await rename(server.modelsFolder, target);
    } finally {
      await server.close();
    }
  });
}

if (import.meta.main) console.log(JSON.stringify(await provisionOllama()));

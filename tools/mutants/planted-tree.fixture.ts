import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A small tree of its own. */
export interface PlantedTree {
  readonly root: string;
  remove(): Promise<void>;
}

export async function plantTree(files: Readonly<Record<string, string>>): Promise<PlantedTree> {
  const root = await mkdtemp(join(tmpdir(), 'planted-'));
  await mkdir(join(root, 'src'));
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  await symlink(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(root, 'node_modules'));
  for (const [name, source] of Object.entries(files)) await writeFile(join(root, 'src', name), source);
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}

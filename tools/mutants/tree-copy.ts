import { rmSync } from 'node:fs';
import { cp, lstat, mkdir, mkdtemp, readdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** A copy of some folders of the tree, for one tester alone. */
export interface TreeCopy {
  readonly root: string;
  remove(): Promise<void>;
}

/** Copies the folders under the system's temporary folder. What is installed is linked, so `@tutti/*` is the copy. */
export async function createTreeCopy(root: string, folders: readonly string[]): Promise<TreeCopy> {
  const copy = await realpath(await mkdtemp(join(tmpdir(), 'mutants-')));
  const removeAtOnce = (): void => rmSync(copy, { recursive: true, force: true });
  process.once('exit', removeAtOnce);
  const filter = (path: string): boolean => basename(path) !== 'node_modules';
  for (const folder of ['package.json', ...folders]) {
    await cp(join(root, folder), join(copy, folder), { recursive: true, filter });
  }
  await linkPackages(join(root, 'node_modules'), join(copy, 'node_modules'));
  return {
    root: copy,
    remove() {
      process.off('exit', removeAtOnce);
      return rm(copy, { recursive: true, force: true });
    },
  };
}

async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) {
    if (name === '@tutti') await linkPackages(join(from, name), join(to, name));
    else if (!name.startsWith('.')) await symlink(await targetOf(join(from, name)), join(to, name));
  }
}

/** The link of a workspace is relative: the same link in the copy leads into the copy. */
async function targetOf(path: string): Promise<string> {
  return (await lstat(path)).isSymbolicLink() ? readlink(path) : resolve(path);
}

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Path of a cached file or folder. What is not there is made by `make` at a path of its own and then moved, so that
 * nobody sees half of it and two processes may do the same at once.
 */
export async function cached(path: string, make: (target: string, scratch: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const scratch = await mkdtemp(join(dirname(path), '.making-'));
  try {
    const target = join(scratch, basename(path));
    await make(target, scratch);
    await rename(target, path);
  } catch (thrown) {
    if (!existsSync(path)) throw thrown;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return path;
}

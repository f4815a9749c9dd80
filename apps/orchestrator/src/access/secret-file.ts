import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

interface SecretFile {
  readonly text: string;
  /** Whether it was not there before. */
  readonly made: boolean;
}

/** Text of a file, without the line's end; undefined if it is not there. */
export async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Reads a file that only its owner may read, and makes it if it is not there. It is there whole or not at all, and of
 * several processes that make it at once, all get the text of the first.
 */
export async function keepSecretFile(path: string, make: () => string): Promise<SecretFile> {
  const text = await readSecretFile(path);
  if (text !== undefined) return { text, made: false };
  const fresh = make();
  if (await writeOnce(path, fresh)) return { text: fresh, made: true };
  return { text: (await readSecretFile(path)) ?? '', made: false };
}

/** False if the file is there already. A link, unlike a rename, replaces nothing. */
async function writeOnce(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${text}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

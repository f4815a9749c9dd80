import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { ClusterError } from '@tutti/core';

/** Makes the folder if there is none, and takes it away from everybody but its owner. */
export async function ensurePrivateFolder(path: string): Promise<void> {
  await orExplain(path, 'used', async () => {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await narrow(path, 0o700);
  });
}

/** The text of a file that only its owner may read; undefined if there is none. */
export async function readPrivate(path: string): Promise<string | undefined> {
  return orExplain(path, 'read', async () => {
    try {
      const text = await readFile(path, 'utf8');
      await narrow(path, 0o600);
      return text;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

/** Writes the whole file or nothing; false if there is one already, which stays as it is. */
export async function createPrivate(path: string, text: string): Promise<boolean> {
  return orExplain(path, 'written', () =>
    throughTemporary(path, text, async (temporary) => {
      try {
        await link(temporary, path);
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      }
    }),
  );
}

/** Puts a whole file in the place of the old one. */
export async function replacePrivate(path: string, text: string): Promise<void> {
  await orExplain(path, 'written', () => throughTemporary(path, text, (temporary) => rename(temporary, path)));
}

async function throughTemporary<T>(path: string, text: string, place: (temporary: string) => Promise<T>): Promise<T> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    return await place(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function narrow(path: string, mode: number): Promise<void> {
  const { mode: present } = await stat(path);
  if (present & 0o077) await chmod(path, mode);
}

async function orExplain<T>(path: string, verb: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = codeOf(error) ?? 'unknown error';
    throw new ClusterError('failed_precondition', `${path} cannot be ${verb} (${why}): it must be this user's own`, {
      cause: error,
    });
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

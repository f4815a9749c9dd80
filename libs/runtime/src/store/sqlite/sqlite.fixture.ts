import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A file that is not there yet, in a folder that is not there yet. */
export async function temporaryFile(): Promise<{ file: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-store-'));
  return { file: join(folder, 'data', 'tutti.db'), remove: () => rm(folder, { recursive: true, force: true }) };
}

/** One that is removed at the end of the test. */
export async function newFile(): Promise<string> {
  const { file, remove } = await temporaryFile();
  onTestFinished(remove);
  return file;
}

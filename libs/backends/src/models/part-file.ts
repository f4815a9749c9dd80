import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const ours = new Set<string>();

/** A file that is being fetched. Its name says which process writes it, so that no two ever write the same one. */
export interface PartFile {
  readonly path: string;
  /** Bytes that an earlier, broken off fetch has left in it. */
  readonly sizeBytes: number;
  /** Says that nobody writes it any more; what it has is left for the next fetch. */
  release(): void;
}

/** Takes over what a fetch that is over has left of the file, or names a new one. */
export async function takePartFile(folder: string, fileName: string): Promise<PartFile> {
  const path = join(folder, `${fileName}.${process.pid}.${randomUUID()}.part`);
  ours.add(path);
  for (const left of await readdir(folder)) {
    if (left.startsWith(`${fileName}.`) && left.endsWith('.part')) await takeOver(join(folder, left), path);
  }
  const sizeBytes = await sizeOf(path);
  return { path, sizeBytes, release: () => ours.delete(path) };
}

/** Renaming is atomic: of two processes one gets the file. The larger of two left files is kept. */
async function takeOver(left: string, path: string): Promise<void> {
  if (isWritten(left)) return;
  if ((await sizeOf(left)) > (await sizeOf(path))) await rename(left, path).catch(() => {});
  else await rm(left, { force: true });
}

function isWritten(left: string): boolean {
  if (ours.has(left)) return true;
  const pid = Number(/\.(\d+)\.[^.]+\.part$/.exec(left)?.[1]);
  return pid !== process.pid && isRunning(pid);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

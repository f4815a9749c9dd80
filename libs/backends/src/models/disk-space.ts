import { statfs } from 'node:fs/promises';
import { ClusterError } from '@tutti/core';

/** Throws a sentence with both numbers if the disk under the folder has not this much room. */
export async function refuseFullDisk(folder: string, neededBytes: number): Promise<void> {
  if ((await freeBytes(folder)) < neededBytes) throw await diskFull(folder, neededBytes);
}

export async function diskFull(folder: string, neededBytes: number): Promise<ClusterError> {
  const numbers = `${grouped(neededBytes)} bytes needed, ${grouped(await freeBytes(folder))} free`;
  return new ClusterError(
    'internal',
    `the disk is full: ${numbers}; free some space or choose another folder for models`,
  );
}

export function isDiskFull(thrown: unknown): boolean {
  return (thrown as NodeJS.ErrnoException).code === 'ENOSPC';
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function grouped(bytes: number): string {
  return bytes.toLocaleString('en');
}

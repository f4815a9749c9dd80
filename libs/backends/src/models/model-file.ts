import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { CatalogueModel } from './catalogue.ts';

/** 'good', 'missing', or a few words on what is wrong with the file. Reads all of it. */
export async function checkFile(path: string, model: CatalogueModel, signal: AbortSignal): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 'missing';
  if (found.size !== model.sizeBytes) return `it has ${found.size} bytes instead of ${model.sizeBytes}`;
  return (await sha256Of(path, signal)) === model.sha256 ? 'good' : 'its checksum is wrong';
}

/** Lower-case hex. Reads all of the file. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, signal ? { signal } : {});
  return hash.digest('hex');
}

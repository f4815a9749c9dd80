import { ClusterError } from '@tutti/core';
import type { Llama } from 'node-llama-cpp';
import type * as NodeLlamaCpp from 'node-llama-cpp';

export type Library = typeof NodeLlamaCpp;

/** The llama.cpp library as loaded into this process. Close it after everything that was made from it. */
export interface Runtime {
  readonly library: Library;
  readonly llama: Llama;
  /** Version of node-llama-cpp. */
  readonly version: string;
}

/** Loads llama.cpp. Rejects with `not_implemented` if the package or its binary for this machine is missing. */
export async function openRuntime(): Promise<Runtime> {
  const library = await importLibrary();
  try {
    const llama = await library.getLlama({
      // Of the GPU binaries only Apple's is installed, and there it is the only binary.
      gpu: process.platform === 'darwin' ? 'auto' : false,
      build: 'never',
      logLevel: library.LlamaLogLevel.disabled,
    });
    return { library, llama, version: await library.getModuleVersion() };
  } catch (thrown) {
    throw unavailable(`node-llama-cpp has no binary for ${process.platform} on ${process.arch}`, thrown);
  }
}

async function importLibrary(): Promise<Library> {
  try {
    return await import('node-llama-cpp');
  } catch (thrown) {
    throw unavailable('the optional package node-llama-cpp is not installed', thrown);
  }
}

function unavailable(why: string, cause: unknown): ClusterError {
  return new ClusterError('not_implemented', `the embedded engine cannot run here: ${why}; install Ollama`, { cause });
}

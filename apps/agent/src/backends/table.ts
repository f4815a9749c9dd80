import type { Clock } from '@tutti/core';
import type { Backend } from './backend.ts';

/** What a backend may want to know. */
export interface BackendSettings {
  readonly clock: Clock;
  readonly llamaBaseUrl?: string | undefined;
  readonly ollamaHost?: string | undefined;
  readonly modelFile?: string | undefined;
  /** SHA-256 of the model file, lower-case hex; undefined: not known yet. */
  readonly modelDigest?: string | undefined;
  readonly modelName: string;
  readonly threads?: number | undefined;
}

type OpenBackend = (settings: BackendSettings) => Promise<Backend>;

/** Every backend, by its kind. Adding one is a file and a line; what is not used is not loaded. */
export const backends = {
  ollama: async (settings) => (await import('./ollama/ollama.ts')).openOllama(settings),
  embedded: async (settings) => (await import('./embedded/open.ts')).openEmbedded(settings),
  echo: async () => (await import('./echo.ts')).echoBackend(),
} as const satisfies Record<string, OpenBackend>;

import type { Backend, BackendSettings } from './backend.ts';

type OpenBackend = (settings: BackendSettings) => Promise<Backend>;

/** Every backend, by its kind. Adding one is a file and a line; what is not used is not loaded. */
export const backends = {
  ollama: async (settings) => (await import('./ollama/ollama.ts')).openOllama(settings),
  embedded: async (settings) => (await import('./embedded/open.ts')).openEmbedded(settings),
  echo: async () => (await import('./echo.ts')).echoBackend(),
} as const satisfies Record<string, OpenBackend>;

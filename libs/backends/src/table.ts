import type { Backend, BackendSettings } from './backend.ts';
import { neededServer } from './hosted.ts';

type OpenBackend = (settings: BackendSettings) => Promise<Backend>;

/** Every backend, by its kind. Adding one is a file and a line; what is not used is not loaded. */
export const backends = {
  ollama: async (settings) => (await import('./ollama/ollama.ts')).openOllama(settings),
  openai: async ({ openai, clock }) =>
    (await import('./openai/openai.ts')).openOpenai({ ...neededServer(openai, 'openai'), clock }),
  anthropic: async ({ anthropic, clock }) =>
    (await import('./anthropic/anthropic.ts')).openAnthropic({ ...neededServer(anthropic, 'anthropic'), clock }),
  embedded: async (settings) => (await import('./embedded/open.ts')).openEmbedded(settings),
  echo: async () => (await import('./echo.ts')).echoBackend(),
} as const satisfies Record<string, OpenBackend>;

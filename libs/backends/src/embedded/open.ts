import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { canonicalModel, ClusterError } from '@tutti/core';
import { sha256Of } from '../models/model-file.ts';
import type { Backend, BackendSettings } from '../backend.ts';
import { embeddedBackend } from './embedded.ts';

/** The embedded engine with the one model file that the settings name. */
export async function openEmbedded(settings: BackendSettings): Promise<Backend> {
  const { modelFile: path, modelName, modelDigest, threads, clock } = settings;
  if (!path) {
    throw new ClusterError('invalid_request', 'The embedded engine needs agent.modelFile (--model-file): a GGUF file.');
  }
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) {
    throw new ClusterError(
      'invalid_request',
      `agent.modelFile is "${basename(path)}", which is no file that can be read.`,
    );
  }
  const model = { name: canonicalModel(modelName), path, digest: modelDigest ?? (await sha256Of(path)) };
  return embeddedBackend({ modelPaths: [model], clock, ...(threads !== undefined && { threads }) });
}

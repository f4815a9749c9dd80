import { cloudCapability, ClusterError, modelNotFound } from '@tutti/core';
import type { Model } from '@tutti/proto/tutti/agent/v1/state';
import { z } from 'zod';
import { jsonIn } from '../read-answer.ts';

const bodySchema = z.object({ model: z.string().optional(), name: z.string().optional() });

const details = {
  parent_model: '',
  format: '',
  family: '',
  families: null,
  parameter_size: '',
  quantization_level: '',
};

/** Ollama's clients look for the context length under the name of the architecture, which is not known. */
const architecture = 'unknown';

/** What `find` knows of a model, as Ollama's /api/show tells it: one line. What is not known is empty, or left out. */
export function showLine(bodyJson: string, find: (name: string) => Partial<Model> | undefined): string {
  const body = bodySchema.safeParse(jsonIn(bodyJson));
  const name = body.data?.model ?? body.data?.name;
  if (!name) throw new ClusterError('invalid_request', 'model is required', { param: 'model' });
  const model = find(name);
  if (!model) throw modelNotFound(name);
  const { contextLength, modifiedAt } = model;
  const capabilities = model.capabilities?.filter((capability) => capability !== cloudCapability) ?? [];
  const facts = contextLength === undefined ? {} : { [`${architecture}.context_length`]: contextLength };
  return JSON.stringify({
    ...{ modelfile: '', parameters: '', template: '', details },
    model_info: { 'general.architecture': architecture, ...facts },
    ...(capabilities.length > 0 && { capabilities }),
    ...(modifiedAt && { modified_at: modifiedAt }),
  });
}

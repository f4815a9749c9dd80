import type { MessageInitShape } from '@bufbuild/protobuf';
import { cloudCapability } from '@tutti/core';
import type { ModelSchema, RunnerSchema } from '@tutti/proto/tutti/agent/v1/state';
import { z } from 'zod';
import type { Inventory } from '../backend.ts';
import type { Http } from '../http.ts';
import { readAnswer, textOf } from '../read-answer.ts';

type Model = MessageInitShape<typeof ModelSchema>;
type Runner = MessageInitShape<typeof RunnerSchema>;

/** What only /api/show tells of a model. */
type Shown = Pick<Model, 'capabilities' | 'contextLength'> & { readonly remote?: boolean };

const versionSchema = z.object({ version: z.string() });
const listed = { name: z.string(), digest: z.string(), size: z.number(), details: z.unknown() };
const remoteHost = { remote_host: z.string().optional() };
const tagsSchema = z.object({ models: z.array(z.object({ ...listed, ...remoteHost, modified_at: z.string() })) });
const psSchema = z.object({
  models: z.array(
    z.object({
      ...listed,
      size_vram: z.number().optional(),
      context_length: z.number().optional(),
      expires_at: z.string(),
    }),
  ),
});
const showSchema = z.object({
  ...remoteHost,
  capabilities: z.array(z.string()).default([]),
  model_info: z.record(z.string(), z.unknown()).default({}),
});

/** The models in an Ollama's memory. */
export async function readRunners(http: Http, signal: AbortSignal): Promise<Runner[]> {
  return runnersFrom(await ask(http, '/api/ps', psSchema, signal), Date.now());
}

/** Reads an Ollama's models and runners. What `show` tells is asked once a digest: it never changes. */
export function createInventory(http: Http): (signal: AbortSignal) => Promise<Inventory> {
  const shownByDigest = new Map<string, Shown>();

  const show = async (name: string, digest: string, signal: AbortSignal): Promise<Shown> => {
    const known = shownByDigest.get(digest);
    if (known) return known;
    try {
      const shown = shownFrom(await ask(http, '/api/show', showSchema, signal, JSON.stringify({ model: name })));
      shownByDigest.set(digest, shown);
      return shown;
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      // One broken model, or one just deleted, says nothing about the others.
      return {};
    }
  };

  return async (signal) => {
    const [{ version }, tags, runners] = await Promise.all([
      ask(http, '/api/version', versionSchema, signal),
      ask(http, '/api/tags', tagsSchema, signal),
      readRunners(http, signal),
    ]);
    const models: Model[] = [];
    for (const { name, digest, size, details, modified_at: modifiedAt, remote_host: host } of tags.models) {
      const { remote, capabilities = [], ...shown } = await show(name, digest, signal);
      const isCloud = Boolean(host) || remote || cloudName.test(name);
      models.push({
        ...{ name, digest, sizeBytes: size, modifiedAt, detailsJson: JSON.stringify(details ?? {}), ...shown },
        capabilities: isCloud ? [cloudCapability, ...capabilities] : capabilities,
      });
    }
    const current = new Set(tags.models.map((model) => model.digest));
    for (const digest of shownByDigest.keys()) if (!current.has(digest)) shownByDigest.delete(digest);
    return { backend: { kind: 'ollama', version }, models, runners };
  };
}

async function ask<T>(http: Http, path: string, schema: z.ZodType<T>, signal: AbortSignal, body?: string): Promise<T> {
  const response = await http.send(body === undefined ? 'GET' : 'POST', path, {
    signal,
    ...(body !== undefined && { body }),
  });
  return readAnswer(await textOf(response, signal), schema, { path, api: 'Ollama' });
}

/** Ollama sends calls of such names to its cloud, whatever is on the disk. */
const cloudName = /[:-]cloud$/i;

function shownFrom({ capabilities, model_info: info, remote_host: host }: z.infer<typeof showSchema>): Shown {
  const contextLength = info[`${String(info['general.architecture'])}.context_length`];
  return { capabilities, remote: Boolean(host), ...(typeof contextLength === 'number' && { contextLength }) };
}

/** Families that Ollama runs one call at a time of, whatever OLLAMA_NUM_PARALLEL says. */
const oneAtATime: ReadonlySet<unknown> = new Set(
  'mllama qwen3vl qwen3vlmoe qwen35 qwen35moe qwen3next lfm2 lfm2moe nemotron_h nemotron_h_moe'.split(' '),
);

/** Ollama writes "for ever" as a date some centuries away. */
const foreverMs = 100 * 365 * 24 * 3_600_000;

function runnersFrom({ models }: z.infer<typeof psSchema>, now: number): Runner[] {
  return models.map((runner) => {
    const expiresInMs = Date.parse(runner.expires_at) - now;
    return {
      model: runner.name,
      digest: runner.digest,
      sizeBytes: runner.size,
      detailsJson: JSON.stringify(runner.details ?? {}),
      ...(oneAtATime.has((runner.details as { family?: unknown } | null)?.family) && { slots: 1 }),
      ...(Number.isFinite(expiresInMs) && { expiresInMs: expiresInMs > foreverMs ? -1 : Math.max(0, expiresInMs) }),
      ...(runner.size_vram !== undefined && { vramBytes: runner.size_vram }),
      ...(runner.context_length !== undefined && { contextLength: runner.context_length }),
    };
  });
}

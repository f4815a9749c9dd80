import { canonicalModel } from '@tutti/core';
import type { PrefixMark } from '@tutti/core/cluster';
import type { FleetCall, MachineModel, MachineProfile } from '@tutti/simulation';
import type { Trace } from '../connection/api.ts';

type TracedCall = Trace['calls'][number];
type TracedNode = Trace['nodes'][number];
type TracedModel = TracedNode['models'][number];

/** A machine as a trace describes it. */
export interface TracedMachine {
  readonly profile: MachineProfile;
  readonly models: readonly MachineModel[];
}

/** Ollama's context length for a call that names none. */
const defaultNumCtx = 4_096;
/** Where a trace does not tell. */
const usualTrainedContext = 131_072;
const keepAliveMs = 24 * 60 * 60_000;

/** Embedding models are those that were asked for embeddings. */
export function machineOf(
  { name, memoryBytes, slotsPerRunner, models }: TracedNode,
  embedders: ReadonlySet<string>,
): TracedMachine {
  const byName = new Map(models.map((model) => [canonicalModel(model.model), model]));
  const figure = (read: (model: TracedModel) => number) => (model: MachineModel) => read(byName.get(model.name)!);
  const profile: MachineProfile = {
    ...{ name, defaultNumCtx, keepAliveMs, parallel: Math.max(1, slotsPerRunner) },
    ...{ memoryBytes: memoryBytes ?? Infinity, maxRunners: 1_000, maxQueue: 512, slowBySame: 0.2, slowByOthers: 0.9 },
    prefillSpeed: figure(({ prefillPerSecond }) => prefillPerSecond),
    decodeSpeed: figure(({ decodePerSecond }) => decodePerSecond),
    loadMs: figure(({ loadMs }) => loadMs),
  };
  return { profile, models: [...byName].map(([model, facts]) => modelOf(model, facts, embedders.has(model))) };
}

function modelOf(name: string, facts: TracedModel, embedding: boolean): MachineModel {
  const { sizeBytes, bytesPerToken, contextLength = usualTrainedContext } = facts;
  return { name, sizeBytes, bytesPerToken, embedding, trainedContext: contextLength };
}

/** Names of the models that were asked for embeddings. */
export function embeddersIn(calls: readonly TracedCall[]): Set<string> {
  return new Set(calls.filter(({ embed }) => embed).map(({ model }) => canonicalModel(model)));
}

/** The call as a simulated client sends it. */
export function callFrom(call: TracedCall, index: number): FleetCall {
  const { atMs, model, embed, tenant, promptTokens, outputTokens, numCtx } = call;
  return {
    ...{ id: `call-${index + 1}`, atMs, tenant: `key-${tenant}`, model: canonicalModel(model), numCtx },
    ...{ kind: embed ? 'embed' : 'generate', promptTokens: Math.max(1, promptTokens) },
    outputTokens: embed ? 0 : Math.max(1, outputTokens),
    prefix: marksOf(call, index),
  };
}

/** Prompts that begin alike have the same marks up to there. */
const markEvery = 128;

function marksOf({ prefix, prefixTokens, promptTokens }: TracedCall, index: number): PrefixMark[] {
  const shared = Math.min(prefixTokens, promptTokens);
  const marks = Array.from({ length: Math.floor(shared / markEvery) }, (_, step) => (step + 1) * markEvery);
  if (shared > (marks.at(-1) ?? 0)) marks.push(shared);
  const common = marks.map((tokens) => ({ hash: prefix * 2 ** 20 + tokens, tokens }));
  return promptTokens > shared ? [...common, { hash: -1 - index, tokens: promptTokens }] : common;
}

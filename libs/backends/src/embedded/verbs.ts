import { ClusterError, type Clock } from '@tutti/core';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import type { Resident } from './resident.ts';

/** What the verbs need of the engine. */
export interface VerbPorts {
  readonly clock: Clock;
  /** How long a model stays that was loaded by a verb; negative: for ever. */
  readonly keepAliveMs: number;
  readonly find: (model: string) => Resident;
  readonly signal: AbortSignal;
}

type Run = (model: Resident, ports: VerbPorts) => Promise<object>;

const verbs: Partial<Record<Verb, Run>> = {
  [Verb.SHOW]: show,
  [Verb.LOAD]: load,
  [Verb.UNLOAD]: unload,
};

/**
 * Does one thing to one model and returns Ollama's line about it. The engine's models are files given to it: what
 * changes them is `not_implemented`.
 */
export async function runVerb(verb: Verb, bodyJson: string, ports: VerbPorts): Promise<string> {
  const run = verbs[verb];
  if (run === undefined) {
    const message =
      'the embedded engine only serves the model files it was given: use Ollama to pull, make, copy or delete models';
    throw new ClusterError('not_implemented', message);
  }
  return JSON.stringify(await run(ports.find(modelName(bodyJson)), ports));
}

async function show(model: Resident): Promise<object> {
  const facts = await model.facts();
  return {
    license: facts.license,
    modelfile: `FROM ${model.file.name}\nTEMPLATE """${facts.template}"""\n`,
    parameters: '',
    template: facts.template,
    details: facts.details,
    model_info: facts.modelInfo,
    capabilities: facts.capabilities,
    modified_at: facts.modifiedAt,
  };
}

async function load(model: Resident, { clock, keepAliveMs, signal }: VerbPorts): Promise<object> {
  const release = await model.takeTurn(signal);
  try {
    await model.model();
    model.keepFor(keepAliveMs);
  } finally {
    release();
  }
  return lastLine(model, 'load', clock);
}

async function unload(model: Resident, { clock, signal }: VerbPorts): Promise<object> {
  const release = await model.takeTurn(signal);
  try {
    await model.unload();
  } finally {
    release();
  }
  return lastLine(model, 'unload', clock);
}

function lastLine({ file }: Resident, reason: string, clock: Clock): object {
  const createdAt = new Date(clock.wallTime()).toISOString();
  return { model: file.name, created_at: createdAt, response: '', done: true, done_reason: reason };
}

function modelName(bodyJson: string): string {
  const body = parse(bodyJson);
  const name = body?.['model'] ?? body?.['name'];
  if (typeof name === 'string' && name !== '') return name;
  throw new ClusterError('invalid_request', 'model is required', { param: 'model' });
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (thrown) {
    throw new ClusterError('malformed_json', 'the body is not valid JSON', { cause: thrown });
  }
}

import { createHash } from 'node:crypto';
import { parseModelName, type ModelName } from './model-name.ts';

export type Capability = 'completion' | 'tools' | 'insert' | 'vision' | 'embedding' | 'thinking';

export interface ModelDetails {
  readonly format: string;
  readonly family: string;
  readonly families: readonly string[];
  readonly parameter_size: string;
  readonly quantization_level: string;
}

/** A model that a fake Ollama has. Everything but the name has a default that looks like a small chat model. */
export interface FakeModel {
  readonly name: string;
  /** 64 hex digits; by default made from the name, so that equal names on two fakes are the same model. */
  readonly digest?: string;
  /** Digest of the file with its weights, as `/api/show` tells it; by default the model's own. */
  readonly weightsBlob?: string;
  /** What is loaded for it; models with the same share a runner. By default its own. */
  readonly weights?: string;
  readonly sizeBytes?: number;
  /** Memory of its context for each token and slot, 23,040. */
  readonly bytesPerToken?: number;
  /** Time to load it, if not that of the others. */
  readonly loadMs?: number;
  /** Prompt tokens and output tokens a second of one request alone, instead of the delays. Both or none. */
  readonly prefillSpeed?: number;
  readonly decodeSpeed?: number;
  /** RFC 3339, as it is shown. */
  readonly modifiedAt?: string;
  readonly details?: Partial<ModelDetails>;
  readonly capabilities?: readonly Capability[];
  /** Tokens that it was trained for: the most that a runner gets. */
  readonly contextLength?: number;
  /** Length of its embeddings. */
  readonly embeddingLength?: number;
  /** Options that it sets itself. */
  readonly parameters?: Readonly<Record<string, number | string | boolean | readonly string[]>>;
  readonly template?: string;
  readonly system?: string;
  readonly license?: string;
  /** Shown besides the facts above. */
  readonly modelInfo?: Readonly<Record<string, unknown>>;
  readonly tensors?: readonly unknown[];
  /** What `details.parent_model` of `/api/show` says. */
  readonly parent?: string;
  /** Where a cloud model really runs, and its name there. */
  readonly remote?: { readonly host: string; readonly model: string };
}

type Optional = 'loadMs' | 'weightsBlob' | 'prefillSpeed' | 'decodeSpeed' | 'remote';

export interface Model extends Required<Omit<FakeModel, Optional>>, Pick<FakeModel, Optional> {
  readonly id: ModelName;
  readonly details: ModelDetails;
}

const chatDetails: ModelDetails = {
  format: 'gguf',
  family: 'llama',
  families: ['llama'],
  parameter_size: '134.52M',
  quantization_level: 'Q4_1',
};

const embedDetails: ModelDetails = {
  format: 'gguf',
  family: 'bert',
  families: ['bert'],
  parameter_size: '22.57M',
  quantization_level: 'F16',
};

/** Fills in what the test left out. A string is the name of a chat model. */
export function completeModel(given: string | FakeModel): Model {
  const model = typeof given === 'string' ? { name: given } : given;
  const embeds = model.capabilities?.includes('embedding') === true;
  const id = parseModelName(model.name);
  return {
    digest: createHash('sha256').update(id.full).digest('hex'),
    weights: id.full,
    sizeBytes: embeds ? 45_949_793 : 98_363_022,
    bytesPerToken: 23_040,
    modifiedAt: '2026-01-02T03:04:05.678901234Z',
    capabilities: ['completion'],
    contextLength: embeds ? 512 : 8192,
    embeddingLength: embeds ? 384 : 576,
    parameters: {},
    template: '{{ .Prompt }}',
    system: '',
    license: '',
    modelInfo: {},
    tensors: [{ name: 'token_embd.weight', type: 'Q8_0', shape: [576, 49152] }],
    parent: '',
    ...model,
    details: { ...(embeds ? embedDetails : chatDetails), ...model.details },
    id,
  };
}

import { stat } from 'node:fs/promises';
import type { GgufFileInfo } from 'node-llama-cpp';
import type { Library } from './runtime.ts';

/** What stands in a model file about itself. */
export interface ModelFacts {
  readonly sizeBytes: number;
  /** RFC 3339 */
  readonly modifiedAt: string;
  /** "completion" or "embedding", and "thinking". */
  readonly capabilities: readonly string[];
  /** Context length in tokens that it was trained for. */
  readonly contextLength: number | undefined;
  /** Ollama's `details` object. */
  readonly details: Record<string, unknown>;
  /** Ollama's `model_info` object: the file's own keys, without the vocabulary. */
  readonly modelInfo: Record<string, unknown>;
  /** The chat template, in Jinja. Empty: none. */
  readonly template: string;
  readonly license: string;
}

/** Reads the head of a GGUF file. */
export async function modelFacts(path: string, library: Library): Promise<ModelFacts> {
  const [info, file] = await Promise.all([
    library.readGgufFileInfo(path, { sourceType: 'filesystem', logWarnings: false }),
    stat(path),
  ]);
  const keys = flattened(info.metadata);
  const architecture = String(keys['general.architecture']);
  const parameters = parameterCount(info);
  const template = text(keys['tokenizer.chat_template']);
  const contextLength = keys[`${architecture}.context_length`];
  return {
    sizeBytes: file.size,
    modifiedAt: file.mtime.toISOString(),
    capabilities: [
      `${architecture}.pooling_type` in keys ? 'embedding' : 'completion',
      ...(template.includes('<think>') ? ['thinking'] : []),
    ],
    contextLength: typeof contextLength === 'number' ? contextLength : undefined,
    details: {
      parent_model: '',
      format: 'gguf',
      family: architecture,
      families: [architecture],
      parameter_size: parameterSize(parameters),
      quantization_level: quantization(keys['general.file_type'], library),
    },
    modelInfo: { ...keys, 'general.parameter_count': parameters },
    template,
    license: text(keys['general.license']),
  };
}

/** The keys as they stand in the file, dots and all; lists (they hold the vocabulary) are left out. */
function flattened(object: object, prefix = ''): Record<string, unknown> {
  const pairs = Object.entries(object).flatMap(([key, value]: [string, unknown]) => {
    if (Array.isArray(value)) return [];
    if (typeof value === 'object' && value !== null) return Object.entries(flattened(value, `${prefix}${key}.`));
    return [[`${prefix}${key}`, typeof value === 'bigint' ? Number(value) : value]];
  });
  return Object.fromEntries(pairs) as Record<string, unknown>;
}

function parameterCount({ fullTensorInfo = [] }: GgufFileInfo): number {
  const sizes = fullTensorInfo.map(({ dimensions }) =>
    dimensions.reduce<number>((size, length) => size * Number(length), 1),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** For example 134.52M or 1.7B, as Ollama writes it. */
function parameterSize(count: number): string {
  if (count >= 1e9) return `${fixed(count / 1e9, 1)}B`;
  if (count >= 1e6) return `${fixed(count / 1e6, 2)}M`;
  return `${Math.round(count / 1e3)}K`;
}

function fixed(value: number, digits: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(digits);
}

function quantization(fileType: unknown, { GgufFileType }: Library): string {
  const name = typeof fileType === 'number' ? GgufFileType[fileType] : undefined;
  return name?.replace(/^(ALL|MOSTLY)_/, '') ?? 'unknown';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

import { ClusterError, type Random } from '@tutti/core';

/** How the next token is chosen. Names and defaults are Ollama's. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
  readonly seed: number;
  readonly repeatPenalty: number;
  /** Number of latest tokens that the penalties look at; negative: all. */
  readonly repeatLastN: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  /** Texts that end the answer and are no part of it. */
  readonly stop: readonly string[];
}

/**
 * Reads `Call.options_json`. What it does not know it leaves alone, as Ollama does. Throws `invalid_request` for a
 * wrong type.
 */
export function readOptions(optionsJson: string, random: Random): Sampling {
  const options = parseObject(optionsJson);
  const seed = numberOption(options, 'seed', -1);
  return {
    temperature: numberOption(options, 'temperature', 0.8),
    topK: numberOption(options, 'top_k', 40),
    topP: numberOption(options, 'top_p', 0.9),
    minP: numberOption(options, 'min_p', 0),
    seed: seed < 0 ? Math.floor(random() * 2 ** 32) : Math.floor(seed) % 2 ** 32,
    repeatPenalty: numberOption(options, 'repeat_penalty', 1.1),
    repeatLastN: numberOption(options, 'repeat_last_n', 64),
    presencePenalty: numberOption(options, 'presence_penalty', 0),
    frequencyPenalty: numberOption(options, 'frequency_penalty', 0),
    stop: stopOption(options['stop']),
  };
}

function parseObject(text: string): Record<string, unknown> {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Answered below, like every other text that is no object.
  }
  throw new ClusterError('invalid_request', 'options must be a JSON object', { param: 'options' });
}

function numberOption(options: Record<string, unknown>, name: string, fallback: number): number {
  const value = options[name] ?? fallback;
  if (typeof value === 'number') return value;
  throw wrongType(name, 'number');
}

function stopOption(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  return texts.filter((text) => {
    if (typeof text !== 'string') throw wrongType('stop', 'array of strings');
    return text !== '';
  }) as string[];
}

function wrongType(name: string, type: string): ClusterError {
  return new ClusterError('invalid_request', `option "${name}" must be of type ${type}`, { param: name });
}

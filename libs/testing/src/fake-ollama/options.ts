/** The runner options of a request: a runner that was started with others has to be loaded anew. */
export interface RunnerOptions {
  /** Context length that it gets. */
  readonly numCtx: number;
  /** What was asked for: this is compared. */
  readonly askedNumCtx: number;
  /** All others in one text, to compare. */
  readonly others: string;
}

type Kind = 'integer' | 'boolean' | 'float32' | 'array';

const kinds: Readonly<Record<string, Kind>> = {
  num_ctx: 'integer',
  num_batch: 'integer',
  num_gpu: 'integer',
  main_gpu: 'integer',
  use_mmap: 'boolean',
  num_thread: 'integer',
  num_keep: 'integer',
  seed: 'integer',
  num_predict: 'integer',
  top_k: 'integer',
  top_p: 'float32',
  min_p: 'float32',
  typical_p: 'float32',
  repeat_last_n: 'integer',
  temperature: 'float32',
  repeat_penalty: 'float32',
  presence_penalty: 'float32',
  frequency_penalty: 'float32',
  stop: 'array',
};

const runnerOptions = ['num_batch', 'num_gpu', 'main_gpu', 'use_mmap', 'num_thread'];

/** What Ollama says about an option of the wrong type. Unknown ones are let through, as there. */
export function optionsError(options: Readonly<Record<string, unknown>>): string | undefined {
  for (const [name, value] of Object.entries(options)) {
    const kind = kinds[name];
    if (kind === undefined || value === null) continue;
    if (!fits(value, kind)) return `option "${name}" must be of type ${kind}`;
    if (Array.isArray(value) && value.some((item) => typeof item !== 'string')) {
      return `option "${name}" must be of an array of strings`;
    }
  }
  return undefined;
}

function fits(value: unknown, kind: Kind): boolean {
  if (kind === 'array') return Array.isArray(value);
  return typeof value === (kind === 'boolean' ? 'boolean' : 'number');
}

/** Settles the context length: at least 4 tokens, at most what the model was trained for. */
export function runnerOptionsOf(
  options: Readonly<Record<string, unknown>>,
  defaultNumCtx: number,
  trainedFor: number,
): RunnerOptions {
  const wanted = typeof options['num_ctx'] === 'number' ? options['num_ctx'] : defaultNumCtx;
  const askedNumCtx = Math.max(wanted, 4);
  const others = JSON.stringify(runnerOptions.map((name) => options[name] ?? null));
  return { numCtx: Math.min(askedNumCtx, trainedFor), askedNumCtx, others };
}

import { asObjectText, invalid, kindOf, type Kind, type Value } from '../json/fields.ts';
import { elements, members } from '../json/spans.ts';
import { objectText } from '../json/text.ts';

/** Ollama's `options`, less what a Call has a field for. */
interface Options {
  readonly numCtx: number | undefined;
  readonly numPredict: number | undefined;
  /** The other options, each with its value's exact text. */
  readonly others: ReadonlyMap<string, string>;
}

/** Options that say how a server is to run a model: servers of other kinds have decided that long ago. */
export const runnerOptions: ReadonlySet<string> = new Set(
  'main_gpu num_batch num_gpu num_thread use_mmap use_mlock numa low_vram num_keep'.split(' '),
);

export const noOptions: Options = { numCtx: undefined, numPredict: undefined, others: new Map() };

export function asOptions(value: Value): Options {
  const others = new Map(members(asObjectText(value)));
  const numCtx = takeInteger(others, 'num_ctx', value.path);
  const numPredict = takeInteger(others, 'num_predict', value.path);
  for (const [name, raw] of others) checkKind(name, raw, value.path);
  return { numCtx, numPredict, others };
}

/** The wish for a context of `numCtx` tokens. Ollama runs nothing with fewer than 4. */
export function contextWindow(numCtx: number | undefined): { preferred: number } | undefined {
  return numCtx === undefined ? undefined : { preferred: Math.max(4, numCtx) };
}

/** The text of `options_json`; empty if there are none. */
export function optionsText(options: ReadonlyMap<string, string>): string {
  return options.size === 0 ? '' : objectText(options);
}

/** Ollama cuts off fractions, and so does this. */
function takeInteger(options: Map<string, string>, key: string, path: string): number | undefined {
  const raw = options.get(key);
  options.delete(key);
  if (raw === undefined || raw === 'null') return undefined;
  const number = Math.trunc(Number(raw));
  if (kindOf(raw) === 'number' && (number | 0) === number) return number | 0;
  throw invalid(`${path}.${key}`, `option "${key}" must be of type integer`);
}

/**
 * What Ollama takes for the options that it knows, and how it calls that. It answers 500 to anything else, which looks
 * as if the node were broken; what it does not know it lets through.
 */
const kinds: ReadonlyMap<string, readonly [kind: Kind, name: string]> = new Map([
  ...allOf(
    ['num_batch', 'num_gpu', 'main_gpu', 'num_thread', 'num_keep', 'seed', 'top_k', 'repeat_last_n'],
    'number',
    'integer',
  ),
  ...allOf(['top_p', 'min_p', 'typical_p', 'temperature', 'repeat_penalty'], 'number', 'float32'),
  ...allOf(['presence_penalty', 'frequency_penalty'], 'number', 'float32'),
  ...allOf(['use_mmap'], 'boolean', 'boolean'),
  ...allOf(['stop'], 'array', 'array'),
]);

function allOf(options: readonly string[], kind: Kind, name: string): [string, readonly [Kind, string]][] {
  return options.map((option) => [option, [kind, name]]);
}

function checkKind(option: string, raw: string, path: string): void {
  const known = kinds.get(option);
  if (!known || raw === 'null') return;
  const [kind, name] = known;
  if (kindOf(raw) !== kind) throw invalid(`${path}.${option}`, `option "${option}" must be of type ${name}`);
  if (kind === 'array' && elements(raw).some((element) => kindOf(element) !== 'string')) {
    throw invalid(`${path}.${option}`, `option "${option}" must be of an array of strings`);
  }
}

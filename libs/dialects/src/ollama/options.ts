import { asObjectText, invalid, kindOf, type Value } from '../json/fields.ts';
import { members } from '../json/spans.ts';
import { objectText } from '../json/text.ts';

/** Ollama's `options`, less what a Call has a field for. */
interface Options {
  readonly numCtx: number | undefined;
  readonly numPredict: number | undefined;
  /** The other options, each with its value's exact text. */
  readonly others: ReadonlyMap<string, string>;
}

export const noOptions: Options = { numCtx: undefined, numPredict: undefined, others: new Map() };

export function asOptions(value: Value): Options {
  const others = new Map(members(asObjectText(value)));
  const numCtx = takeInteger(others, 'num_ctx', value.path);
  const numPredict = takeInteger(others, 'num_predict', value.path);
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

import {
  asBoolean,
  asCount,
  asObjectText,
  asString,
  invalid,
  kindOf,
  wrongKind,
  type Fields,
  type Value,
} from '../json/fields.ts';
import { takeModel } from '../model-field.ts';
import { asKeepAlive } from './duration.ts';
import { asOptions, contextWindow, noOptions, optionsText } from './options.ts';

/** Takes what all requests have: which model, how it is to run, and how long it is to stay. */
export function takeRunnerFields(fields: Fields) {
  const model = takeModel(fields);
  const { numCtx, numPredict, others } = fields.take('options', asOptions) ?? noOptions;
  return {
    dialect: 'ollama',
    model,
    numCtx: contextWindow(numCtx),
    numPredict,
    optionsJson: optionsText(others),
    keepAliveMs: fields.take('keep_alive', asKeepAlive),
  };
}

/** Takes what chat and generate requests say about their answer. */
export function takeAnswerFields(fields: Fields) {
  refuseDebugging(fields);
  return {
    think: fields.take('think', asThink),
    format: fields.take('format', asFormat),
    logprobs: takeLogprobs(fields),
  };
}

/** What it answers with is no answer, and has no place in a Call. */
function refuseDebugging(fields: Fields): void {
  const field = '_debug_render_only';
  if (fields.take(field, asBoolean)) throw invalid(field, `"${field}" is not supported`);
}

/** Takes `logprobs` and `top_logprobs`, which OpenAI calls the same: how many alternatives are wanted, if any are. */
export function takeLogprobs(fields: Fields): number | undefined {
  const wanted = fields.take('logprobs', asBoolean) ?? false;
  const top = fields.take('top_logprobs', asCountOfLogprobs) ?? 0;
  return wanted ? top : undefined;
}

/** An Ollama that does not know one of them says so. */
const thinkLevels: ReadonlySet<string> = new Set(['low', 'medium', 'high', 'max']);

/** `think`, as Call.think has it. */
export function asThink(value: Value): string {
  const kind = kindOf(value.raw);
  if (kind === 'boolean') return value.raw;
  if (kind !== 'string') throw wrongKind(value, 'a boolean or "max", "high", "medium" or "low"');
  const level = asString(value);
  if (thinkLevels.has(level)) return level;
  throw invalid(
    value.path,
    `invalid think value: ${JSON.stringify(level)} (must be "high", "medium", "low", "max", true, or false)`,
  );
}

function asFormat(value: Value) {
  if (value.raw === '""') return undefined;
  if (value.raw === '"json"') return { kind: { case: 'json', value: true } } as const;
  if (kindOf(value.raw) === 'object') return { kind: { case: 'schemaJson', value: asObjectText(value) } } as const;
  throw invalid(
    value.path,
    `invalid format: ${JSON.stringify(value.raw.slice(0, 80))}; expected "json" or a valid JSON Schema object`,
  );
}

function asCountOfLogprobs(value: Value): number {
  const count = value.raw.startsWith('-') ? -1 : asCount(value);
  if (count >= 0 && count <= 20) return count;
  throw invalid(value.path, 'top_logprobs must be between 0 and 20');
}

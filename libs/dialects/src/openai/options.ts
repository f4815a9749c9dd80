import {
  arrayOf,
  asFields,
  asInteger,
  asNumber,
  asString,
  invalid,
  kindOf,
  type Fields,
  type Value,
} from '../json/fields.ts';
import { members } from '../json/spans.ts';
import { asKeepAlive } from '../ollama/duration.ts';
import { asOptions, contextWindow, noOptions, optionsText } from '../ollama/options.ts';
import { asThink } from '../ollama/request-fields.ts';

/** What OpenAI's own defaults are; Ollama's are lower. */
export const defaults: readonly (readonly [string, string])[] = [
  ['temperature', '1'],
  ['top_p', '1'],
];

/** Options that OpenAI lacks, by the names that servers and clients have for them. */
const othersNames: Readonly<Record<string, string>> = {
  top_k: 'top_k',
  min_p: 'min_p',
  repeat_penalty: 'repeat_penalty',
  repetition_penalty: 'repeat_penalty',
};

/**
 * Takes what says how the model is to run. Beside OpenAI's fields these are Ollama's num_ctx, keep_alive, think and
 * options, and sampling that OpenAI lacks, at the top or in `extra_body`. OpenAI's own win over `options`. What is not
 * set is as in `otherwise`.
 */
export function takeOptions(fields: Fields, otherwise: typeof defaults) {
  const extraBody = fields.take('extra_body', asFields);
  const extension = <T>(key: string, read: (value: Value) => T): T | undefined =>
    fields.take(key, read) ?? extraBody?.take(key, read);

  const given = extension('options', asOptions) ?? noOptions;
  const maxTokens = fields.take('max_tokens', asInteger);
  const think = takeEffort(fields);
  const others = Object.entries(othersNames).flatMap(([name, option]): [string, string][] => {
    const raw = extension(name, asNumberText);
    return raw === undefined ? [] : [[option, raw]];
  });
  const settings = {
    numCtx: contextWindow(extension('num_ctx', asInteger) ?? given.numCtx),
    numPredict: fields.take('max_completion_tokens', asInteger) ?? maxTokens ?? given.numPredict,
    keepAliveMs: extension('keep_alive', asKeepAlive),
    think: extension('think', asThink) ?? think,
    optionsJson: optionsText(new Map([...otherwise, ...given.others, ...others, ...takeSampling(fields)])),
  };
  const unknown = extraBody?.rest() ?? '';
  if (unknown === '') return settings;
  const names = members(unknown).map(([key]) => key);
  throw invalid(
    'extra_body',
    `extra_body has ${names.join(', ')}, which nobody here knows: put it at the top to pass it on`,
  );
}

/** Takes the options that have the same name in both dialects, as the text they were written in. */
function takeSampling(fields: Fields): [string, string][] {
  const sampling = {
    temperature: fields.take('temperature', asNumberText),
    top_p: fields.take('top_p', asNumberText),
    seed: fields.take('seed', asNumberText),
    presence_penalty: fields.take('presence_penalty', asNumberText),
    frequency_penalty: fields.take('frequency_penalty', asNumberText),
    stop: fields.take('stop', asStopText),
  };
  return Object.entries(sampling).flatMap(([key, raw]) => (raw === undefined ? [] : [[key, raw]]));
}

function asNumberText(value: Value): string {
  asNumber(value);
  return value.raw;
}

function asStopText(value: Value): string {
  if (kindOf(value.raw) === 'string') return `[${value.raw}]`;
  arrayOf(asString)(value);
  return value.raw;
}

const thinkByEffort: Readonly<Record<string, string>> = {
  none: 'false',
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
};

function takeEffort(fields: Fields): string | undefined {
  const nested = fields.take('reasoning', (value) => asFields(value).take('effort', asEffort));
  return fields.take('reasoning_effort', asEffort) ?? nested;
}

export function asEffort(value: Value): string {
  const effort = asString(value);
  const think = Object.hasOwn(thinkByEffort, effort) ? thinkByEffort[effort] : undefined;
  if (think !== undefined) return think;
  const efforts = Object.keys(thinkByEffort).join(', ');
  throw invalid(value.path, `invalid reasoning effort ${JSON.stringify(effort)} (must be one of ${efforts})`);
}

import { arrayOf, asCount, asInteger, asNumber, asString, invalid, type Fields, type Value } from '../json/fields.ts';
import { asKeepAlive } from '../ollama/duration.ts';
import { asOptions, contextWindow, noOptions, optionsText } from '../ollama/options.ts';

/**
 * Takes what says how the model is to run: beside Anthropic's fields these are Ollama's num_ctx, keep_alive and options.
 * Anthropic's own win over `options`; what is not set is as the model has it.
 */
export function takeOptions(fields: Fields, maxTokens: number | undefined) {
  const given = fields.take('options', asOptions) ?? noOptions;
  return {
    numCtx: contextWindow(fields.take('num_ctx', asInteger) ?? given.numCtx),
    numPredict: maxTokens ?? given.numPredict,
    keepAliveMs: fields.take('keep_alive', asKeepAlive),
    optionsJson: optionsText(new Map([...given.others, ...takeSampling(fields)])),
  };
}

/** Takes what Ollama has options for, as the text it was written in. */
function takeSampling(fields: Fields): [string, string][] {
  const sampling = {
    temperature: fields.take('temperature', asPart),
    top_p: fields.take('top_p', asPart),
    top_k: fields.take('top_k', asCountText),
    stop: fields.take('stop_sequences', asStops),
  };
  return Object.entries(sampling).flatMap(([key, raw]) => (raw === undefined ? [] : [[key, raw]]));
}

function asPart(value: Value): string {
  const number = asNumber(value);
  if (number >= 0 && number <= 1) return value.raw;
  throw invalid(value.path, `${value.path} must be from 0 to 1, got ${value.raw.slice(0, 40)}`);
}

function asCountText(value: Value): string {
  asCount(value);
  return value.raw;
}

function asStops(value: Value): string {
  arrayOf(asStop)(value);
  return value.raw;
}

function asStop(value: Value): void {
  if (asString(value) === '') throw invalid(value.path, `${value.path} must not be empty`);
}

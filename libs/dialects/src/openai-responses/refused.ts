import { asText, invalid, type Fields, type Value } from '../json/fields.ts';
import { members } from '../json/spans.ts';

/** Fields that cannot change an answer. */
const harmless = [
  'client_metadata',
  'max_tool_calls',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'stream_options',
  'user',
] as const;

/** Fields that OpenAI knows and that ask for what is not here. */
const missing: Readonly<Record<string, string>> = {
  background: 'answers are not made in the background; leave it out, and stream if it takes long',
  context_management: 'conversations are not compacted; leave it out',
  conversation: 'conversations are not kept under that name; use "previous_response_id"',
  moderation: 'nothing is moderated here; leave it out',
  prompt: 'prompts are not kept here; send "instructions" and "input"',
};

/** Takes what is left: throws for the first field that asks for something and is not known. */
export function refuseRest(fields: Fields): void {
  for (const key of harmless) fields.take(key, asText);
  for (const [key, why] of Object.entries(missing)) fields.take(key, refuseUnlessFalse(why));
  refuseUnknown(fields, '');
}

/** Throws for the first field that nobody took and that says something. `holder`: the path to it, with a point at its end. */
export function refuseUnknown(fields: Fields, holder: string): void {
  const rest = fields.rest();
  const [unknown] = rest === '' ? [] : (members(rest).find(([, raw]) => raw !== 'null') ?? []);
  if (unknown === undefined) return;
  throw invalid(`${holder}${unknown}`, `Unknown parameter: '${holder}${unknown.slice(0, 100)}'.`);
}

function refuseUnlessFalse(why: string): (value: Value) => void {
  return ({ raw, path }) => {
    if (raw !== 'false') throw invalid(path, `field "${path}" is not supported: ${why}`);
  };
}

import {
  arrayOf,
  asBoolean,
  asFields,
  asObjectText,
  asString,
  invalid,
  type Fields,
  type Value,
} from '../json/fields.ts';
import { members } from '../json/spans.ts';
import { otherModels, refuseOtherModels } from './other-models.ts';

/**
 * Takes fields of OpenAI's that would change the answer and that nobody here can follow. What cannot change it, such
 * as `user`, `metadata` and `prediction`, is left for backends that know it.
 */
export function refuseUnsupported(fields: Fields): void {
  fields.take('logit_bias', expectNoBias);
  fields.take('audio', (value) => refuse(value, 'no model here answers in sound'));
  fields.take('modalities', expectText);
  fields.take('web_search_options', (value) => refuse(value, 'no model here searches the web by itself'));
  fields.take('verbosity', expectMedium);
  for (const field of otherModels) fields.take(field, ({ raw }) => refuseOtherModels([[field, raw]]));
  fields.take('store', (value) => {
    if (asBoolean(value)) refuse(value, 'chat completions are not stored');
  });
}

/** `stream_options`: whether the stream is to end with the counts of tokens. Padding against eavesdroppers changes nothing. */
export function asIncludeUsage(value: Value): boolean {
  const options = asFields(value);
  options.take('continuous_usage_stats', (wish) => {
    if (asBoolean(wish)) refuse(wish, 'tokens are counted at the end of a stream only');
  });
  return options.take('include_usage', asBoolean) ?? false;
}

function expectNoBias(value: Value): void {
  if (members(asObjectText(value)).length > 0) refuse(value, 'no backend here can favour single tokens');
}

function expectText(value: Value): void {
  if (arrayOf(asString)(value).some((modality) => modality !== 'text')) {
    refuse(value, 'models here answer with text only');
  }
}

function expectMedium(value: Value): void {
  if (asString(value) !== 'medium') refuse(value, 'models here have no setting for it; ask for it in a message');
}

function refuse({ path }: Value, why: string): never {
  throw invalid(path, `${path} is not supported: ${why}. Leave it out.`);
}

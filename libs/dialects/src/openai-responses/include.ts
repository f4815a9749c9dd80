import { arrayOf, asString, invalid, type Value } from '../json/fields.ts';

/** What can be included. What belongs to tools that do not exist here is never there to be included. */
const includable = [
  'code_interpreter_call.outputs',
  'computer_call_output.output.image_url',
  'file_search_call.results',
  'message.input_image.image_url',
  'message.output_text.logprobs',
  'reasoning.encrypted_content',
  'web_search_call.action.sources',
  'web_search_call.results',
] as const;

type Includable = (typeof includable)[number];

/** `include`: what the answer is to tell as well. */
export function asInclude(value: Value): ReadonlySet<Includable> {
  return new Set(arrayOf(asIncludable)(value));
}

function asIncludable(value: Value): Includable {
  const wanted = asString(value);
  const known = includable.find((name) => name === wanted);
  if (known !== undefined) return known;
  throw invalid(
    value.path,
    `field "${value.path}" must be one of ${includable.join(', ')}, got ${JSON.stringify(wanted)}`,
  );
}

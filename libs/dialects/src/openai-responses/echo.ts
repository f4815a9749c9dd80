import { asFields, type Fields, type Value } from '../json/fields.ts';
import type { Member } from '../json/spans.ts';
import { objectText } from '../json/text.ts';

/** The members of a response that repeat its request, in the words of the request or as what it left out stands for. */
export function echoOf(fields: Fields, withoutDefaults: boolean): readonly Member[] {
  const given = (key: string, otherwise: string): Member => [key, fields.look(key, asLine) ?? otherwise];
  const members = (key: string, defaults: readonly Member[]): Member => {
    const inner = fields.look(key, asFields);
    return [key, objectText(defaults.map(([name, raw]) => [name, inner?.look(name, asLine) ?? raw]))];
  };
  const usualOne = withoutDefaults ? 'null' : '1';
  return [
    ['background', 'false'],
    given('instructions', 'null'),
    given('max_output_tokens', 'null'),
    given('max_tool_calls', 'null'),
    given('metadata', '{}'),
    given('parallel_tool_calls', 'true'),
    given('previous_response_id', 'null'),
    given('prompt_cache_key', 'null'),
    members('reasoning', [
      ['effort', 'null'],
      ['summary', 'null'],
    ]),
    given('safety_identifier', 'null'),
    given('temperature', usualOne),
    members('text', [
      ['format', '{"type":"text"}'],
      ['verbosity', '"medium"'],
    ]),
    given('tool_choice', '"auto"'),
    given('tools', '[]'),
    given('top_logprobs', '0'),
    given('top_p', usualOne),
    given('truncation', '"disabled"'),
    given('user', 'null'),
  ];
}

/** The text of a value on one line, as an event needs it: between its tokens lines may end anywhere. */
function asLine({ raw }: Value): string {
  return raw.replaceAll(/[\r\n]+/g, '');
}

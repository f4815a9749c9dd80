import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FormatSchema } from '@tutti/proto/tutti/agent/v1/call';
import { asFields, asObjectText, asString, invalid, type Fields, type Value } from '../json/fields.ts';

type FormatInit = MessageInitShape<typeof FormatSchema>;

interface OutputConfig {
  readonly format: FormatInit | undefined;
  /** As Call.think has it. */
  readonly effort: string | undefined;
  /** What else stands in it, for a server that knows more of it. */
  readonly restJson: string | undefined;
}

/** Takes `output_config`, and `output_format`, which its part about the format was called before. */
export function takeOutputConfig(fields: Fields): OutputConfig {
  const older = fields.take('output_format', asFormat);
  return (
    fields.take('output_config', (value) => {
      const config = asFields(value);
      const given = config.take('effort', asEffort);
      const format = config.take('format', asFormat) ?? older;
      const rest = config.rest();
      const effort = given === undefined ? '' : `"effort":${JSON.stringify(given.name)}`;
      const texts = [effort, rest.slice(1, -1)].filter((text) => text !== '');
      return { format, effort: given?.think, restJson: texts.length === 0 ? undefined : `{${texts.join(',')}}` };
    }) ?? { format: older, effort: undefined, restJson: undefined }
  );
}

const thinkByEffort: Readonly<Record<string, string>> = {
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

function asEffort(value: Value): { name: string; think: string } {
  const name = asString(value);
  const think = Object.hasOwn(thinkByEffort, name) ? thinkByEffort[name] : undefined;
  if (think !== undefined) return { name, think };
  const efforts = Object.keys(thinkByEffort).join(', ');
  throw invalid(value.path, `${value.path} must be one of ${efforts}, got ${JSON.stringify(name)}`);
}

function asFormat(value: Value): FormatInit {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  if (type === 'json_schema') {
    return { kind: { case: 'schemaJson', value: fields.need('schema', asObjectText) }, strict: true };
  }
  throw invalid(`${value.path}.type`, `${value.path} must be of type "json_schema", got ${JSON.stringify(type)}`);
}

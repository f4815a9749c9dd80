import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FormatSchema } from '@tutti/proto/tutti/agent/v1/call';
import { asBoolean, asFields, asObjectText, asString, invalid, type Value } from '../json/fields.ts';

type FormatInit = MessageInitShape<typeof FormatSchema>;

/** `text`: the shape of the answer. Undefined: free text. */
export function asTextSettings(value: Value): FormatInit | undefined {
  const fields = asFields(value);
  fields.take('verbosity', expectMedium);
  return fields.take('format', asFormat);
}

function asFormat(value: Value): FormatInit | undefined {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  if (type === 'text') return undefined;
  if (type === 'json_object') return { kind: { case: 'json', value: true } };
  if (type === 'json_schema') {
    return {
      kind: { case: 'schemaJson', value: fields.need('schema', asObjectText) },
      name: fields.need('name', asString),
      strict: fields.take('strict', asBoolean) ?? false,
    };
  }
  const path = `${value.path}.type`;
  throw invalid(path, `field "${path}" must be "text", "json_object" or "json_schema", got ${JSON.stringify(type)}`);
}

/** No model that runs here knows the others. */
function expectMedium(value: Value): void {
  const verbosity = asString(value);
  if (verbosity === 'medium') return;
  throw invalid(
    value.path,
    `field "${value.path}": ${JSON.stringify(verbosity)} is not supported; ask for it in "instructions"`,
  );
}

import type { MessageInitShape } from '@bufbuild/protobuf';
import type { FormatSchema } from '@tutti/proto/tutti/agent/v1/call';
import { asBoolean, asFields, asObjectText, asString, invalid, type Value } from '../json/fields.ts';

/** `response_format`. Undefined: free text. */
export function asResponseFormat(value: Value): MessageInitShape<typeof FormatSchema> | undefined {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  if (type === 'text') return undefined;
  if (type === 'json_object') return { kind: { case: 'json', value: true } };
  if (type === 'json_schema') return fields.need('json_schema', asNamedSchema);
  const path = `${value.path}.type`;
  throw invalid(path, `field "${path}" must be "text", "json_object" or "json_schema", got ${JSON.stringify(type)}`);
}

/** A schema may be missing: then any JSON will do. */
function asNamedSchema(value: Value): MessageInitShape<typeof FormatSchema> {
  const fields = asFields(value);
  const schema = fields.take('schema', asObjectText);
  return {
    kind: schema === undefined ? { case: 'json', value: true } : { case: 'schemaJson', value: schema },
    name: fields.take('name', asString) ?? '',
    strict: fields.take('strict', asBoolean) ?? false,
  };
}

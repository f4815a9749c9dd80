import type { DescField, DescMessage, JsonValue } from '@bufbuild/protobuf';

export type JsonObject = Record<string, JsonValue>;

export function isObject(json: JsonValue | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** Whether a message's JSON is not made of its fields. */
export function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith('google.protobuf.');
}

/** A field's JSON with each of its values replaced: of a list its items, of a map its values. */
export function mapValues(field: DescField, json: JsonValue, replaced: (value: JsonValue) => JsonValue): JsonValue {
  if (field.fieldKind === 'list') return Array.isArray(json) ? json.map(replaced) : json;
  if (field.fieldKind !== 'map') return replaced(json);
  return isObject(json) ? Object.fromEntries(Object.entries(json).map(([key, value]) => [key, replaced(value)])) : json;
}

import { fromJson } from '@bufbuild/protobuf';
import type { DescEnum, DescMessage, JsonValue, MessageShape } from '@bufbuild/protobuf';
import { isFieldError } from '@bufbuild/protobuf/reflect';
import type { ClusterError } from '@tutti/core';
import { longEnumName, shortEnumNames } from './enum-names.ts';
import { invalidField, shown, unknownName } from './invalid.ts';
import { isObject, isWellKnown, mapValues } from './json-fields.ts';
import type { JsonObject } from './json-fields.ts';

/** The message that JSON from outside stands for. It is changed. Fails with `invalid_request`, which names the field. */
export function messageOfJson<D extends DescMessage>(schema: D, json: JsonObject): MessageShape<D> {
  prepare(schema, json, '');
  try {
    return fromJson(schema, json);
  } catch (thrown) {
    throw invalidJson(thrown);
  }
}

/** Checks the names of fields, and gives enums the names that the schema has for them. */
function prepare(message: DescMessage, json: JsonValue, path: string): JsonValue {
  if (json === null || isWellKnown(message)) return json;
  if (!isObject(json)) throw invalidField(path, `${path} must be an object, got ${kindOf(json)}.`);
  for (const [key, value] of Object.entries(json)) {
    const field = message.fields.find(({ jsonName, name }) => jsonName === key || name === key);
    const name = path === '' ? key : `${path}.${key}`;
    if (!field) throw unknownField(message, name, path);
    const { enum: type, message: inner } = field;
    if (type) json[key] = mapValues(field, value, (each) => fullEnumName(type, each, name));
    if (inner) json[key] = mapValues(field, value, (each) => prepare(inner, each, name));
  }
  return json;
}

function unknownField({ fields }: DescMessage, name: string, path: string): ClusterError {
  const names = fields.map(({ jsonName }) => (path === '' ? jsonName : `${path}.${jsonName}`));
  return unknownName('field', name, names);
}

function fullEnumName(type: DescEnum, json: JsonValue, name: string): JsonValue {
  if (typeof json !== 'string') return json;
  const known = longEnumName(type, json);
  if (known !== undefined) return known;
  throw invalidField(name, `${name} must be one of ${shortEnumNames(type).join(', ')}, got "${shown(json)}".`);
}

function invalidJson(thrown: unknown): ClusterError {
  const { message, cause } = thrown as Error;
  if (!isFieldError(cause)) return invalidField('', message, thrown);
  const field = cause.field();
  const name = field.kind === 'field' ? field.jsonName : field.name;
  return invalidField(name, `${name}: ${cause.message}.`, thrown);
}

export function kindOf(json: JsonValue): string {
  if (json === null) return 'null';
  return Array.isArray(json) ? 'an array' : `a ${typeof json}`;
}

import { ScalarType, type DescEnum, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import { ClusterError } from '@tutti/core';
import { shortEnumNames } from '../rest/enum-names.ts';
import type { Schema } from './document.ts';
import { commentOf } from './texts.ts';

/** A message is not the same in both: nothing must be sent, and everything that has no presence is answered. */
type Direction = 'request' | 'response';

/** Schemas of the JSON that REST reads and writes. */
export interface Schemas {
  /** A reference to the schema of a message. */
  ofMessage(message: DescMessage, direction: Direction): Schema;
  /** With the field's comment. */
  ofField(field: DescField, direction: Direction): Schema;
  /** An object of some fields of a request. */
  ofFields(fields: readonly DescField[]): Schema;
  /** What has been referred to, by name. */
  readonly components: Readonly<Record<string, Schema>>;
}

/** `answers` are the messages that responses are made of: what is in them has its name to itself. */
export function createSchemas(answers: readonly DescMessage[]): Schemas {
  const answered = new Set<string>();
  for (const message of answers) collect(message, answered);
  const components: Record<string, Schema> = {};

  const refer = (name: string, make: () => Schema): Schema => {
    // A message may hold itself.
    if (!Object.hasOwn(components, name)) {
      components[name] = {};
      components[name] = make();
    }
    return { $ref: `#/components/schemas/${name}` };
  };

  const ofMessage = (message: DescMessage, direction: Direction): Schema => {
    if (message.typeName.startsWith('google.protobuf.')) return wellKnown(message);
    const name = direction === 'request' && answered.has(message.typeName) ? `${message.name}Input` : message.name;
    return refer(name, () => ({ description: commentOf(message), ...object(message.fields, direction) }));
  };

  const object = (fields: readonly DescField[], direction: Direction): Schema => {
    const required = direction === 'response' ? fields.filter(isAlwaysThere) : [];
    return {
      type: 'object',
      properties: Object.fromEntries(fields.map((field) => [field.jsonName, ofField(field, direction)])),
      ...(required.length > 0 && { required: required.map(({ jsonName }) => jsonName) }),
      // An answer may get more fields; a request with an unknown one is refused.
      ...(direction === 'request' && { additionalProperties: false }),
    };
  };

  const ofField = (field: DescField, direction: Direction): Schema => {
    const description = commentOf(field);
    const { enum: type, message, scalar } = field;
    const single = type ? ofEnum(type) : message ? ofMessage(message, direction) : ofScalar(scalar, field);
    return { ...(description && { description }), ...many(field, single) };
  };

  const ofEnum = (type: DescEnum): Schema => refer(type.name, () => enumSchema(type));

  return { ofMessage, ofField, ofFields: (fields) => object(fields, 'request'), components };
}

function collect(message: DescMessage, found: Set<string>): void {
  if (found.has(message.typeName)) return;
  found.add(message.typeName);
  for (const field of message.fields) if (field.message) collect(field.message, found);
}

function isAlwaysThere({ presence }: DescField): boolean {
  return presence === FeatureSet_FieldPresence.IMPLICIT;
}

function many({ fieldKind }: DescField, single: Schema): Schema {
  if (fieldKind === 'list') return { type: 'array', items: single };
  return fieldKind === 'map' ? { type: 'object', additionalProperties: single } : single;
}

function enumSchema(type: DescEnum): Schema {
  const meanings = type.values
    .filter(({ number }) => number !== 0)
    .map((value) => `- \`${value.localName}\`: ${commentOf(value)}`);
  return { description: [commentOf(type), '', ...meanings].join('\n'), type: 'string', enum: shortEnumNames(type) };
}

function wellKnown({ typeName }: DescMessage): Schema {
  switch (typeName) {
    case 'google.protobuf.Struct':
      return { type: 'object', additionalProperties: true };
    case 'google.protobuf.ListValue':
      return { type: 'array' };
    case 'google.protobuf.Value':
      return {};
    default:
      throw new ClusterError('internal', `${typeName} has no place in our REST API`);
  }
}

function ofScalar(scalar: ScalarType, { jsonName, parent }: DescField): Schema {
  switch (scalar) {
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return { type: 'integer', format: 'int32' };
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1 };
    case ScalarType.DOUBLE:
      return { type: 'number', format: 'double' };
    case ScalarType.FLOAT:
      return { type: 'number', format: 'float' };
    default:
      throw new ClusterError('internal', `${parent.typeName}.${jsonName}: JSON has no 64-bit integers; use a double`);
  }
}

import { ClusterError } from '@tutti/core';
import type { Llama } from 'node-llama-cpp';

type Json = Record<string, unknown>;
type GrammarSchema = Parameters<Llama['createGrammarForJsonSchema']>[0];

/** A small model that repeats itself would fill the whole context with one string or array. */
const mostCharacters = 1000;
const mostItems = 100;

const anything = {
  oneOf: [
    { type: 'string', maxLength: mostCharacters },
    { type: ['number', 'boolean', 'null'] },
    { type: 'array', maxItems: mostItems },
    { type: 'object', additionalProperties: true },
  ],
};

/** Keywords that say nothing about which values are valid. */
const annotations = new Set([
  ...['$schema', '$id', '$comment', 'title', 'description', 'default', 'examples', 'deprecated'],
  ...['readOnly', 'writeOnly'],
]);

/** Keywords whose demands an output of the grammar always meets. */
const held = new Set([
  ...['type', 'properties', 'required', 'additionalProperties', 'items', 'prefixItems', '$defs', 'definitions', '$ref'],
  ...['enum', 'const', 'anyOf', 'oneOf', 'minLength', 'maxLength', 'minItems', 'maxItems', 'format'],
]);

/**
 * The schema in the dialect of llama.cpp's grammar builder. Objects get all their properties, strings and arrays a bound.
 * With `strict` a keyword that the grammar cannot hold is refused with `invalid_request`, else it is passed over.
 */
export function toGrammarSchema(schema: unknown, strict: boolean): GrammarSchema {
  return translate(schema, strict) as GrammarSchema;
}

function translate(schema: unknown, strict: boolean): Json {
  if (schema === true) return anything;
  if (!isObject(schema)) throw new ClusterError('invalid_request', 'format must be a JSON schema', { param: 'format' });
  if (strict) refuseUnknown(schema);

  const each = (value: unknown): Json => translate(value, strict);
  const defs = schema['$defs'] ?? schema['definitions'];
  const outer = isObject(defs) ? { $defs: mapValues(defs, each) } : {};
  return { ...shape(schema, each), ...outer };
}

function shape(schema: Json, each: (value: unknown) => Json): Json {
  if (typeof schema['$ref'] === 'string') return { $ref: schema['$ref'].replace('#/definitions/', '#/$defs/') };
  if ('const' in schema) return { const: schema['const'] };
  if (Array.isArray(schema['enum'])) return { enum: schema['enum'] };
  const choices = schema['anyOf'] ?? schema['oneOf'];
  if (Array.isArray(choices)) return { oneOf: choices.map(each) };

  const { type } = schema;
  if (Array.isArray(type)) return { oneOf: type.map((one: unknown) => shape({ ...schema, type: one }, each)) };
  if (type === 'string') return stringShape(schema);
  if (type === 'array' || 'items' in schema) return arrayShape(schema, each);
  if (type === 'object' || 'properties' in schema) return objectShape(schema, each);
  return typeof type === 'string' ? { type } : anything;
}

function stringShape(schema: Json): Json {
  if (['date', 'time', 'date-time'].includes(String(schema['format'])))
    return { type: 'string', format: schema['format'] };
  return { type: 'string', ...bounds(schema, 'minLength', 'maxLength', mostCharacters) };
}

function arrayShape(schema: Json, each: (value: unknown) => Json): Json {
  const { items, prefixItems } = schema;
  return {
    type: 'array',
    ...(items === undefined || items === true ? {} : { items: each(items) }),
    ...(Array.isArray(prefixItems) ? { prefixItems: prefixItems.map(each) } : {}),
    ...bounds(schema, 'minItems', 'maxItems', mostItems),
  };
}

function objectShape(schema: Json, each: (value: unknown) => Json): Json {
  const { properties, additionalProperties } = schema;
  if (isObject(properties)) return { type: 'object', properties: mapValues(properties, each) };
  const values = isObject(additionalProperties) ? each(additionalProperties) : additionalProperties !== false;
  return { type: 'object', additionalProperties: values };
}

function bounds(schema: Json, least: string, most: string, limit: number): Json {
  const from = Number(schema[least] ?? 0);
  const to = Math.min(Number(schema[most] ?? limit), Math.max(limit, from));
  return { [least]: from, [most]: to };
}

function refuseUnknown(schema: Json): void {
  const unknown = Object.keys(schema).find((key) => !annotations.has(key) && !held.has(key));
  if (unknown === undefined) return;
  const message = `the embedded engine cannot hold the schema keyword "${unknown}": leave it out, or do not ask for strict`;
  throw new ClusterError('invalid_request', message, { param: 'format' });
}

function mapValues(object: Json, each: (value: unknown) => Json): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, each(value)]));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

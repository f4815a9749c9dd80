import type { DescField, DescMessage, JsonValue, MessageShape } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import type { Binding } from './bindings.ts';
import { invalidField } from './invalid.ts';
import { isObject } from './json-fields.ts';
import type { JsonObject } from './json-fields.ts';
import { queryReader } from './query-parameters.ts';
import type { Query } from './query-parameters.ts';
import { kindOf, messageOfJson } from './request-json.ts';
import { valueOfText } from './value-of-text.ts';

/** Where an HTTP request holds the fields of a method's request. */
export interface RequestParts {
  /** What stands in the path, decoded, by JSON name. */
  readonly params: Readonly<Record<string, string | undefined>>;
  /** What stands in the query, decoded. */
  readonly query: Query;
  /** Undefined: there is none. It may be changed. */
  readonly body: JsonValue | undefined;
}

/** Reads the requests of a binding. Fails with `invalid_request`, which names the field or parameter. */
export function requestReader(binding: Binding): (parts: RequestParts) => MessageShape<DescMessage> {
  const readQuery = queryReader(binding);
  return ({ params, query, body }) => {
    const json = { ...readQuery(query), ...fieldsOfBody(binding, body) };
    for (const field of binding.pathFields) putPathField(json, field, params[field.jsonName] ?? '');
    return messageOfJson(binding.method.input, json);
  };
}

function fieldsOfBody({ body: bound }: Binding, body: JsonValue | undefined): JsonObject {
  if (body === undefined) return {};
  if (typeof bound === 'object') return { [bound.jsonName]: body };
  if (!isObject(body)) throw new ClusterError('invalid_request', `The body must be an object, got ${kindOf(body)}.`);
  const [name] = Object.keys(body);
  if (bound === undefined && name !== undefined) throw invalidField(name, 'The body must be empty or {} here.');
  return body;
}

function putPathField(json: JsonObject, field: DescField, text: string): void {
  const { jsonName, name } = field;
  const value = valueOfText(field, text, jsonName);
  for (const key of [jsonName, name]) {
    if (Object.hasOwn(json, key) && json[key] !== value) {
      throw invalidField(jsonName, `${jsonName} is another in the body than in the path.`);
    }
  }
  delete json[name];
  json[jsonName] = value;
}

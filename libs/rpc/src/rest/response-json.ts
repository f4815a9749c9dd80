import { create, toJson } from '@bufbuild/protobuf';
import type { DescMessage, JsonValue, MessageInitShape } from '@bufbuild/protobuf';
import type { Binding } from './bindings.ts';
import { shortEnumName } from './enum-names.ts';
import { isWellKnown, mapValues } from './json-fields.ts';
import type { JsonObject } from './json-fields.ts';

/** An answer as JSON text: fields that are 0 or false are printed, enums go by their short names. */
export function responseJson({ method, responseBody }: Binding, answer: MessageInitShape<DescMessage>): string {
  const json = toJson(method.output, create(method.output, answer), { alwaysEmitImplicit: true }) as JsonObject;
  shortenEnums(method.output, json);
  return JSON.stringify(responseBody ? (json[responseBody.jsonName] ?? null) : json);
}

function shortenEnums(message: DescMessage, json: JsonObject): JsonObject {
  if (!holdsEnums(message)) return json;
  for (const field of message.fields) {
    const value = json[field.jsonName];
    if (value === undefined) continue;
    const { enum: type, message: inner } = field;
    if (type) json[field.jsonName] = mapValues(field, value, (name) => shortEnumName(type, name as string));
    if (inner) mapValues(field, value, (each): JsonValue => shortenEnums(inner, each as JsonObject));
  }
  return json;
}

const known = new WeakMap<DescMessage, boolean>();

/** Whether there may be enums in a message, or in those in it. */
function holdsEnums(message: DescMessage): boolean {
  if (isWellKnown(message)) return false;
  const found = known.get(message);
  if (found !== undefined) return found;
  // Until it is known: a message may hold itself.
  known.set(message, true);
  const holds = message.fields.some((field) => field.enum ?? (field.message && holdsEnums(field.message)));
  known.set(message, holds);
  return holds;
}

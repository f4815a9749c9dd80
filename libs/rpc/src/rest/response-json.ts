import { create, getOption, toJson } from '@bufbuild/protobuf';
import type { DescField, DescMessage, JsonValue, MessageInitShape } from '@bufbuild/protobuf';
import { event_id } from '@tutti/proto/tutti/v1/options';
import type { Binding } from './bindings.ts';
import { shortEnumName } from './enum-names.ts';
import { isWellKnown, mapValues } from './json-fields.ts';
import type { JsonObject } from './json-fields.ts';

/** A message as it goes to the client. */
export interface RestEvent {
  /** JSON in one line. */
  readonly data: string;
  /** Name of the event; undefined: all are of one kind. */
  readonly event?: string;
  /** What a client that comes back names as the last that it has. */
  readonly id?: string;
}

/** An answer as JSON text: fields that are 0 or false are printed, enums go by their short names. */
export function responseJson({ method, responseBody }: Binding, answer: MessageInitShape<DescMessage>): RestEvent {
  const json = toJson(method.output, create(method.output, answer), { alwaysEmitImplicit: true }) as JsonObject;
  shortenEnums(method.output, json);
  const kind = kindsOf(method.output).find(({ jsonName }) => Object.hasOwn(json, jsonName));
  const body = responseBody ?? kind;
  const value = body ? (json[body.jsonName] ?? null) : json;
  const id = idOf(body ? body.message : method.output, value);
  return { data: JSON.stringify(value), ...(kind && { event: kind.jsonName }), ...(id !== undefined && { id }) };
}

/** The fields of a message that is nothing but a oneof: one of them stands for it. */
export function kindsOf({ oneofs: [kinds], fields }: DescMessage): readonly DescField[] {
  return kinds && kinds.fields.length === fields.length ? kinds.fields : [];
}

function idOf(message: DescMessage | undefined, json: JsonValue): string | undefined {
  const field = message?.fields.find((each) => getOption(each, event_id));
  const id = field && (json as JsonObject | null)?.[field.jsonName];
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
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

import type { DescField, JsonValue } from '@bufbuild/protobuf';
import type { Binding } from './bindings.ts';
import { invalidField, unknownName } from './invalid.ts';
import { valueOfText } from './value-of-text.ts';

/** A field that a URL's query may hold. */
export interface QueryParameter {
  /** Its JSON name; of a field in a message, with the names of those around it: `page.size`. */
  readonly name: string;
  /** The field, after those of the messages around it. */
  readonly path: readonly DescField[];
  /** Whether it may be given more than once. */
  readonly repeated: boolean;
}

/** What may stand in the query of a binding. Maps, lists of messages and well-known types may not. */
export function queryParametersOf({ queryFields }: Binding): QueryParameter[] {
  return queryFields.flatMap((field) => parametersOf([field]));
}

function parametersOf(path: readonly DescField[]): QueryParameter[] {
  const field = path.at(-1)!;
  const name = path.map(({ jsonName }) => jsonName).join('.');
  switch (field.fieldKind) {
    case 'scalar':
    case 'enum':
      return [{ name, path, repeated: false }];
    case 'list':
      return field.listKind === 'message' ? [] : [{ name, path, repeated: true }];
    case 'map':
      return [];
    case 'message': {
      const { typeName, fields } = field.message;
      const isAround = path.slice(0, -1).some(({ message }) => message?.typeName === typeName);
      if (isAround || typeName.startsWith('google.protobuf.')) return [];
      return fields.flatMap((inner) => parametersOf([...path, inner]));
    }
  }
}

export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

type JsonObject = Record<string, JsonValue>;

/** Reads queries: as the JSON of the request's fields. Fails with `invalid_request`, which names the parameter. */
export function queryReader(binding: Binding): (query: Query) => JsonObject {
  const parameters = queryParametersOf(binding);
  const names = parameters.map(({ name }) => name);
  const byName = new Map(parameters.flatMap((each) => [[each.name, each] as const, [protoName(each), each] as const]));
  return (query) => {
    const json: JsonObject = {};
    for (const [name, given] of Object.entries(query)) {
      const parameter = byName.get(name);
      if (!parameter) throw unknownName('query parameter', name, names);
      if (given !== undefined) put(json, parameter, name, typeof given === 'string' ? [given] : given);
    }
    return json;
  };
}

function protoName({ path }: QueryParameter): string {
  return path.map(({ name }) => name).join('.');
}

function put(json: JsonObject, { path, repeated }: QueryParameter, name: string, texts: readonly string[]): void {
  const field = path.at(-1)!;
  let target = json;
  for (const { jsonName } of path.slice(0, -1)) target = (target[jsonName] ??= {}) as JsonObject;
  if (field.jsonName in target || (!repeated && texts.length > 1)) {
    throw invalidField(name, `${name} is given more than once.`);
  }
  const values = texts.map((text) => valueOfText(field, text, name));
  target[field.jsonName] = repeated ? values : values[0]!;
}

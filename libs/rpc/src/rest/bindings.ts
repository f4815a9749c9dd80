import { getOption, hasOption } from '@bufbuild/protobuf';
import type { DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import { http } from '@tutti/proto/google/api/annotations';
import type { HttpRule } from '@tutti/proto/google/api/http';
import { ClusterError } from '@tutti/core';

export type Verb = 'GET' | 'PUT' | 'POST' | 'DELETE' | 'PATCH';

/** One way to reach a method by HTTP, as its `google.api.http` rule tells. */
export interface Binding {
  readonly method: DescMethod;
  readonly verb: Verb;
  /** What stands between the slashes of the path: fixed texts, and fields of the request. */
  readonly segments: readonly (string | DescField)[];
  /** Fields of the request that the path holds. */
  readonly pathFields: readonly DescField[];
  /** Fields of the request that the query may hold. */
  readonly queryFields: readonly DescField[];
  /** The field that the body is; `*`: the body holds every field that the path does not; undefined: there is none. */
  readonly body: DescField | '*' | undefined;
  /** The field that the answer's body is; undefined: all of the answer. */
  readonly responseBody: DescField | undefined;
}

/** The bindings of a service's methods, in their order. A method without a rule has none. */
export function bindingsOf(service: DescService): Binding[] {
  return service.methods.filter((method) => hasOption(method, http)).flatMap(bindingsOfMethod);
}

/** The path of a binding, its fields written as `field` says, for example `/api/nodes/:name`. */
export function pathOf({ segments }: Binding, field: (name: string) => string): string {
  return segments.map((segment) => `/${typeof segment === 'string' ? segment : field(segment.jsonName)}`).join('');
}

function bindingsOfMethod(method: DescMethod): Binding[] {
  if (method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming') {
    throw unusable(method, 'a client cannot stream over REST');
  }
  const rule = getOption(method, http);
  return [rule, ...rule.additionalBindings].map((each) => bindingOf(method, each));
}

function bindingOf(method: DescMethod, { pattern, body, responseBody }: HttpRule): Binding {
  if (pattern.case === undefined || pattern.case === 'custom')
    throw unusable(method, 'its rule names no method of HTTP');
  const segments = segmentsOf(method, pattern.value);
  const pathFields = segments.filter((segment) => typeof segment !== 'string');
  const bodyField = body === '' || body === '*' ? undefined : fieldOf(method, method.input, body);
  const isQueried = (field: DescField): boolean => field !== bodyField && !pathFields.includes(field);
  return {
    method,
    verb: pattern.case.toUpperCase() as Verb,
    segments,
    pathFields,
    queryFields: body === '*' ? [] : method.input.fields.filter(isQueried),
    body: body === '*' ? body : bodyField,
    responseBody: responseBody === '' ? undefined : fieldOf(method, method.output, responseBody),
  };
}

const fixedText = /^[\w.~-]+$/;
const variable = /^\{(\w+)(?:=\*)?\}$/;

function segmentsOf(method: DescMethod, path: string): (string | DescField)[] {
  const [start, ...texts] = path.split('/');
  if (start !== '' || texts.length === 0) throw unusable(method, `its path does not begin with a slash: ${path}`);
  return texts.map((text) => {
    const name = variable.exec(text)?.[1];
    if (name !== undefined) return scalarFieldOf(method, name);
    if (fixedText.test(text)) return text;
    throw unusable(method, `paths with "${text}" are not supported: ${path}`);
  });
}

function scalarFieldOf(method: DescMethod, name: string): DescField {
  const field = fieldOf(method, method.input, name);
  if (field.fieldKind === 'scalar' || field.fieldKind === 'enum') return field;
  throw unusable(method, `"${name}" in its path is not a single value`);
}

function fieldOf(method: DescMethod, message: DescMessage, name: string): DescField {
  const field = message.fields.find((each) => each.name === name);
  if (field) return field;
  throw unusable(method, `${message.typeName} has no field "${name}"`);
}

function unusable(method: DescMethod, why: string): ClusterError {
  return new ClusterError('internal', `${method.parent.typeName}/${method.name} cannot be served by REST: ${why}`);
}

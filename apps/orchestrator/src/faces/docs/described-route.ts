import type { Permission } from '@tutti/proto/tutti/v1/options';
import {
  accessOf,
  bodyErrors,
  checkedSummary,
  errorRefs,
  type Content,
  type Endpoint,
  type Example,
  type Parameter,
  type Response,
  type Schema,
} from '@tutti/rpc';
import { errorWords, type Dialect } from '../http/errors.ts';

/** What a route that is written by hand takes and gives. */
export interface DescribedRoute {
  readonly verb: 'get' | 'post' | 'delete';
  /** With fields as `{name}`. */
  readonly path: string;
  /** A verb and a noun; never changes. */
  readonly operationId: string;
  /** The name of a group. */
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly permission: Permission;
  /** How it tells of errors; left out: `problem`. */
  readonly dialect?: Dialect;
  readonly parameters?: readonly Parameter[];
  /** By the name of a shape; `file`: bytes of any kind. */
  readonly body?: { readonly shape: string; readonly examples: Readonly<Record<string, Example>> };
  /** By status: what it means, and by content type what it is: the name of a shape, `text`, or `object` for any. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Statuses of errors, beside those that a permission brings. */
  readonly errors?: readonly number[];
  /** What the example answers; left out: 200. */
  readonly status?: number;
}

interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export function endpointOf(route: DescribedRoute): Endpoint {
  const {
    verb,
    path,
    operationId,
    tag,
    summary,
    description,
    permission,
    dialect = 'problem',
    parameters = [],
  } = route;
  const { errors, ...access } = accessOf(permission);
  return {
    verb,
    path,
    operation: {
      operationId,
      tags: [tag],
      summary: checkedSummary(operationId, summary),
      description,
      parameters,
      ...(route.body && { requestBody: bodyOf(route.body) }),
      responses: {
        ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, responseOf(answer)])),
        ...errorRefs(errorWords(dialect).kind, [...errors, ...bodyErrors(verb), ...(route.errors ?? [])]),
      },
      ...access,
      'x-exampleStatus': route.status ?? 200,
    },
  };
}

const fileType = 'application/octet-stream';

function bodyOf({ shape, examples }: NonNullable<DescribedRoute['body']>) {
  if (shape === 'file') return { required: true, content: { [fileType]: { schema: { type: 'string' }, examples } } };
  return { required: true, content: { 'application/json': { schema: schemaOf(shape), examples } } };
}

function responseOf({ description, content, headers }: Answer): Response {
  return {
    description,
    ...(headers && {
      headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, headerOf(text)])),
    }),
    ...(content && {
      content: Object.fromEntries(Object.entries(content).map(([type, shape]) => [type, contentOf(type, shape)])),
    }),
  };
}

function headerOf(description: string) {
  return { description, schema: { type: 'string' } };
}

/** A stream is text, made of items of a shape. */
function contentOf(type: string, shape: string): Content {
  const schema = schemaOf(shape);
  const isStream = type === 'application/x-ndjson' || type === 'text/event-stream';
  return isStream ? { schema: { type: 'string' }, 'x-itemSchema': schema } : { schema };
}

function schemaOf(shape: string): Schema {
  if (shape === 'text') return { type: 'string' };
  return shape === 'object' ? { type: 'object' } : { $ref: `#/components/schemas/${shape}` };
}

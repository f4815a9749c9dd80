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
import type { Dialect } from '../http/errors.ts';
import type { ShapeName } from './shapes.ts';
import type { Tag } from './tags.ts';

/** What a route that is written by hand takes and gives. */
export interface DescribedRoute {
  readonly verb: 'get' | 'post' | 'delete';
  /** With fields as `{name}`. */
  readonly path: string;
  /** A verb and a noun; never changes. */
  readonly operationId: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description: string;
  readonly permission: Permission;
  /** How it tells of errors; left out: `problem`. */
  readonly dialect?: Dialect;
  readonly parameters?: readonly Parameter[];
  /** `file`: bytes of any kind. */
  readonly body?: { readonly shape: ShapeName | 'file'; readonly examples: Readonly<Record<string, Example>> };
  /** By status: what it means, and by content type what it is. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Statuses of errors, beside those that a permission brings. */
  readonly errors?: readonly number[];
  /** What the example answers; left out: 200. */
  readonly status?: number;
}

interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, ShapeName | 'text' | 'object'>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The components' names of each dialect's errors. */
const errorKinds = {
  anthropic: 'Anthropic',
  problem: 'Problem',
  ollama: 'Ollama',
  openai: 'Openai',
} as const satisfies Record<Dialect, string>;

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
        ...errorRefs(errorKinds[dialect], [...errors, ...bodyErrors(verb), ...(route.errors ?? [])]),
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
function contentOf(type: string, shape: ShapeName | 'text' | 'object'): Content {
  const schema = schemaOf(shape);
  const isStream = type === 'application/x-ndjson' || type === 'text/event-stream';
  return isStream ? { schema: { type: 'string' }, 'x-itemSchema': schema } : { schema };
}

function schemaOf(shape: ShapeName | 'text' | 'object'): Schema {
  if (shape === 'text') return { type: 'string' };
  return shape === 'object' ? { type: 'object' } : { $ref: `#/components/schemas/${shape}` };
}

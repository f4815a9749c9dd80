import {
  accessOf,
  bodyErrors,
  checkedSummary,
  errorRefs,
  type Content,
  type Endpoint,
  type Response,
  type Schema,
} from '@tutti/rpc/openapi';
import type { DescribedAnswer, DescribedRoute } from './described-route.ts';

/** A route as the description has it. `kind`: begins the names of its errors. */
export function endpointOf(route: DescribedRoute, kind: string): Endpoint {
  const { verb, path, operationId, tag, summary, description, permission, parameters = [] } = route;
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
        ...errorRefs(kind, [...errors, ...bodyErrors(verb), ...(route.errors ?? [])]),
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

function responseOf({ description, content, headers }: DescribedAnswer): Response {
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

import { reasons } from '@tutti/core';
import type { Response, Schema } from './document.ts';

/** RFC 9457, as our own routes tell of errors. */
export const problemSchema: Schema = {
  description: 'What went wrong, as RFC 9457 has it.',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code'],
  properties: {
    type: { description: 'Reference to the kind of error.', type: 'string', format: 'uri-reference' },
    title: { description: 'The status in words.', type: 'string' },
    status: { description: 'Status of HTTP.', type: 'integer' },
    detail: { description: 'What failed, the values seen, and what to do.', type: 'string' },
    instance: { description: 'Id of the request, by which the log is searched.', type: 'string' },
    code: { description: 'Why, for programs.', type: 'string', enum: Object.keys(reasons) },
    param: { description: 'The field or parameter at fault.', type: 'string' },
    retry_after_ms: { description: 'Milliseconds after which trying again makes sense.', type: 'number' },
  },
};

/** What each status of an error means. */
export const errorMeanings: Readonly<Record<number, string>> = {
  400: 'The request is not as it should be.',
  401: 'No valid key was shown.',
  403: 'The key, or the page that asks, may not do this.',
  404: 'There is none of that name.',
  409: 'It cannot be done as things are now.',
  413: 'The request is too large.',
  415: 'The body is compressed, or of a kind that is not taken.',
  429: 'Too many requests: try again later.',
  500: 'Something broke in here or in a model server.',
  501: 'This is not implemented.',
  502: 'A node failed, and so did its substitutes.',
  503: 'Not possible just now: try again later.',
  504: 'It took too long.',
  529: 'Too much is asked of the cluster just now: try again later.',
};

/** Statuses with which a body is refused, whatever it says. */
export function bodyErrors(verb: string): number[] {
  return verb.toLowerCase() === 'get' ? [] : [413, 415];
}

/** The responses that `problemRefs` refers to. */
export const problemResponses: Readonly<Record<string, Response>> = Object.fromEntries(
  Object.entries(errorMeanings).map(([status, description]) => [
    `Problem${status}`,
    { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
  ]),
);

/** The errors of an operation, by status. */
export function problemRefs(statuses: Iterable<number>): Record<string, Response> {
  return errorRefs('Problem', statuses);
}

/** The errors of an operation, by status, as the components of a kind have them. */
export function errorRefs(kind: string, statuses: Iterable<number>): Record<string, Response> {
  const sorted = [...new Set(statuses)].toSorted((a, b) => a - b);
  return Object.fromEntries(sorted.map((status) => [status, { $ref: `#/components/responses/${kind}${status}` }]));
}

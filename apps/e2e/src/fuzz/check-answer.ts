import { mismatches, type Schema } from '../schema-mismatches.ts';
import type { Documented, Face, Operation } from './documented.ts';
import type { Input } from './input.ts';
import type { Answer } from './send.ts';

/** Nothing takes longer, with a model that answers at once. */
export const longestMs = 1_000;

/** Of errors that are the server's fault, only those that tell of what it cannot do, or not now. */
const allowedFaults: ReadonlySet<number> = new Set([501, 503, 529]);

/** Where Ollama answers 500 when the library refuses a model, which is handed on in its words. */
const handedOn: ReadonlySet<string> = new Set(['pullModel', 'pushModel', 'createModel']);

/** Where a path leads nowhere, or a method is not there. */
const strayed: ReadonlySet<number> = new Set([204, 400, 403, 404, 405]);

const largestChecked = 100_000;

/** What is wrong with an answer; nothing, if all is well. How long it took is not looked at. */
export function faultsOf(input: Input, answer: Answer, documented: Documented): string[] {
  const { status, headers, body } = answer;
  const operation = askedOf(input, documented);
  const allowed = operation?.answers;
  const faults: string[] = [];
  if (!(allowed ? allowed.has(status) : strayed.has(status))) faults.push(`status ${status} is not documented`);
  if (isFault(input, answer)) faults.push(`status ${status}`);
  if (headers['x-request-id'] === undefined) faults.push('no x-request-id');
  if (input.method === 'HEAD' || input.method === 'OPTIONS' || body.length > largestChecked) return faults;
  const type = (headers['content-type'] as string | undefined)?.split(';', 1)[0] ?? '';
  if (status >= 400) return [...faults, ...envelopeFaults(faceOf(input, type, answer), type, answer)];
  return [...faults, ...(operation ? bodyFaults(operation, type, answer, documented) : [])];
}

function isFault({ operation }: Input, { status, body }: Answer): boolean {
  if (status < 500 || allowedFaults.has(status)) return false;
  return !(handedOn.has(operation.id) && status === 500 && !body.includes('internal error'));
}

/** What is really asked: with another method, it may be another operation. */
function askedOf({ operation, method, astray }: Input, { operations }: Documented): Operation | undefined {
  if (astray || method === operation.method) return astray ? undefined : operation;
  const meant = method === 'HEAD' ? 'GET' : method;
  const found = operations.find(({ path, method: other }) => path === operation.path && other === meant);
  // Of what may have no end there is no HEAD.
  return method === 'HEAD' && found?.answers.get(200)?.['text/event-stream'] ? undefined : found;
}

const string: Schema = { type: 'string' };
const textOrNull: Schema = { type: ['string', 'null'] };

function object(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

const envelopes: Readonly<Record<Exclude<Face, 'own'>, Schema>> = {
  ollama: object({ error: string }),
  openai: object({ error: object({ message: string, type: string, param: textOrNull, code: textOrNull }) }),
  anthropic: object({
    type: { enum: ['error'] },
    error: object({ type: string, message: string }),
    request_id: string,
  }),
};

/** Where clients of Anthropic ask OpenAI's routes they are answered in their own words, as far as the request can be read. */
function faceOf({ operation, target, headers }: Input, type: string, answer: Answer): Face {
  const isShared = /^\/v1\/models(?:[/?]|$)/.test(target) && headers.some(([name]) => name === 'anthropic-version');
  return isShared && envelopeFaults('anthropic', type, answer).length === 0 ? 'anthropic' : operation.face;
}

function envelopeFaults(face: Face, type: string, { body, status }: Answer): string[] {
  const expected = face === 'own' ? 'application/problem+json' : 'application/json';
  if (type !== expected) return [`an error of type "${type}" where ${expected} is spoken`];
  const value = parsed(body);
  if (value === undefined) return ['an error that is no JSON'];
  if (face !== 'own') return mismatches({}, envelopes[face], value).map((text) => `the error: ${text}`);
  const told = value as { status?: unknown; code?: unknown; detail?: unknown };
  return told.status === status && typeof told.code === 'string' && typeof told.detail === 'string'
    ? []
    : ['no problem of RFC 9457'];
}

function bodyFaults(operation: Operation, type: string, { status, body }: Answer, { schemas }: Documented): string[] {
  const content = operation.answers.get(status)?.[type];
  if (!content) return body === '' ? [] : [`an answer of type "${type}", which is not documented`];
  const item = content['x-itemSchema'];
  const schema = item ?? content.schema;
  const texts = item ? itemsOf(type, body) : [body];
  if (type !== 'application/json' && !item) return [];
  return texts.flatMap((text) => {
    const value = parsed(text);
    if (value === undefined) return [`no JSON: ${text.slice(0, 80)}`];
    return item && isError(value) ? [] : mismatches(schemas, schema, value).map((fault) => `the answer: ${fault}`);
  });
}

/** The JSON texts of a stream. */
function itemsOf(type: string, body: string): string[] {
  if (type === 'application/x-ndjson') return body.split('\n').filter((line) => line !== '');
  const events = body.split('\n\n').filter((event) => !event.startsWith('event: progress\n'));
  return events.flatMap((event) => /^data: (.*)$/m.exec(event)?.[1] ?? []).filter((text) => text !== '[DONE]');
}

/** The last of a stream that broke off. */
function isError(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'error' in value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

import type { FastifyRequest } from 'fastify';
import { ClusterError } from '@tutti/core';
import { folded, members, objectText, parseJson } from '@tutti/dialects/json';
import { bodyOf } from '../http/body.ts';

/** The body of a request about a model. Only what is acted on is read; the rest goes on as it is. */
export interface ModelBody {
  readonly model: string;
  /** The values of the fields that name models, as far as they are there. */
  readonly names: readonly string[];
  readonly from: string | undefined;
  /** Of the files and adapters that a model is made of. */
  readonly digests: readonly string[];
  /** Whether progress is wanted line by line. */
  readonly stream: boolean;
  /** For the nodes: they always stream, since what takes hours must show signs of life. */
  readonly bodyJson: string;
}

/** How a kind of request names its models. */
export interface Naming {
  /** Fields with names, the first of them that of the model that it is about; those that end with "?" may be left out. */
  readonly fields: readonly string[];
  /** Ollama's words for a request that leaves out one of them. */
  readonly missing: string | ((field: string) => string);
}

/** What older clients call `model`. */
const olderName = 'name';

/** Fields that are acted on in every request. */
const others = [olderName, 'stream', 'files', 'adapters'];

export function readModelBody(request: FastifyRequest, { fields, missing }: Naming): ModelBody {
  const text = bodyOf(request).trim();
  if (text === '') throw new ClusterError('invalid_request', 'missing request body');
  parseJson(text);
  const body = new Map(text.startsWith('{') ? members(text) : []);
  refuseOtherSpellings(body.keys(), [...fields.map(withoutMark), ...others]);
  const absent = fields.find((field) => withoutMark(field) === field && nameIn(body, field) === undefined);
  if (absent !== undefined) {
    const words = typeof missing === 'string' ? missing : missing(absent);
    throw new ClusterError('invalid_request', words, { param: absent });
  }
  const names = fields.flatMap((field) => nameIn(body, field) ?? []);
  const stream = body.get('stream') ?? 'true';
  if (!/^(?:true|false|null)$/.test(stream)) throw wrong('stream', 'a boolean');
  body.delete('stream');
  const from = fields.includes('from?') ? nameIn(body, 'from') : undefined;
  const digests = [...digestsIn(body, 'files'), ...digestsIn(body, 'adapters')];
  return { model: names[0]!, names, from, digests, stream: stream !== 'false', bodyJson: objectText(body) };
}

function withoutMark(field: string): string {
  return field.replace('?', '');
}

type Body = ReadonlyMap<string, string>;

/** Undefined: it says nothing, which an empty name does as well. */
function nameIn(body: Body, marked: string): string | undefined {
  const field = withoutMark(marked);
  const name = textIn(body, field);
  return (field === 'model' ? name || textIn(body, olderName) : name) || undefined;
}

function textIn(body: Body, field: string): string | undefined {
  const value: unknown = JSON.parse(body.get(field) ?? 'null');
  if (value === null || typeof value === 'string') return value ?? undefined;
  throw wrong(field, 'a string');
}

/** The digests in an object of file names and digests. */
function digestsIn(body: Body, field: string): string[] {
  const value: unknown = JSON.parse(body.get(field) ?? 'null');
  const digests = Object.values(value ?? {});
  if (typeof (value ?? {}) === 'object' && digests.every((digest) => typeof digest === 'string')) {
    return digests.filter((digest) => /^sha256:[\da-f]{64}$/.test(digest));
  }
  throw wrong(field, 'an object of names and digests');
}

function wrong(field: string, kind: string): ClusterError {
  return new ClusterError('invalid_request', `field "${field}" must be ${kind}`, { param: field });
}

/** The body goes on as it is, and Ollama takes a name in any case: what was checked must be what it reads. */
function refuseOtherSpellings(keys: Iterable<string>, fields: readonly string[]): void {
  for (const key of keys) {
    const name = folded(key);
    if (!fields.includes(name) || key === name) continue;
    throw new ClusterError('invalid_request', `"${name}" must be written in lower case.`, { param: name });
  }
}

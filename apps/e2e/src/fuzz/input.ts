import fc from 'fast-check';
import { damage, damaged, damagedBytes } from './damage.ts';
import type { Documented, Face, Operation } from './documented.ts';
import { fromSchema } from './from-schema.ts';
import { hostileTexts } from './hostile.ts';
import { treeOf, type Tree } from './json-tree.ts';
import { destructive, models, nodeName, onlySkeleton, skeletons, unsent } from './skeletons.ts';

/** A request, and what it was made of. */
export interface Input {
  /** What its path belongs to. */
  readonly operation: Operation;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Whether the path is no longer the operation's. */
  readonly astray: boolean;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | undefined;
}

/** Requests of all kinds to a face's routes. */
export function inputsFor(face: Face, { operations, schemas }: Documented): fc.Arbitrary<Input> {
  const sent = operations.filter((operation) => operation.face === face && !(operation.id in unsent));
  return fc.oneof(
    ...sent.map((operation) => ({
      weight: operation.body && operation.answers.has(200) ? 3 : 1,
      arbitrary: inputFor(operation, schemas),
    })),
  );
}

function inputFor(operation: Operation, schemas: Documented['schemas']): fc.Arbitrary<Input> {
  const { method } = operation;
  const others = methods.filter((other) => other !== method);
  const usual = operation.body ? bodyFor(operation, schemas) : strangeBody;
  return fc
    .record({
      method: mostly(method, fc.constantFrom(...others), 30),
      target: targetFor(operation),
      strayed: mostly('', fc.constantFrom(...strays), 30),
      headers: fc.array(header, { maxLength: 3, size: 'max' }).map((all) => (all.length > 2 ? all : all.slice(1))),
      body: usual,
    })
    .map(({ strayed, target: { path, query }, ...rest }) => ({
      ...rest,
      operation,
      // Another method may take away what is there.
      method: path.includes(nodeName) ? method : rest.method,
      target: (path.replace(/\/$/, '') + strayed || '/') + query,
      astray: strayed !== '',
    }));
}

function mostly<T>(usual: T, other: fc.Arbitrary<T>, weight: number): fc.Arbitrary<T> {
  return fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'TRACE'];

/** What follows a path so that it leads nowhere. */
const strays = [
  '/nope/x/y',
  '/%00/x/y',
  '/x%20y/%F0%9F%98%80/z',
  '/a//b/c',
  '/x/../y/z',
  '/%ff/x/y',
  '/%zz/x/y',
  `/x/y/${'z'.repeat(2_000)}`,
];

function targetFor({ id, path, parameters }: Operation): fc.Arbitrary<{ path: string; query: string }> {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const values = fc.tuple(...names.map((name) => pathPart(id, parameters.find((one) => one.name === name)?.example)));
  const known = parameters.filter((one) => one.in === 'query').map(({ name }) => name);
  const pair = fc.tuple(mostly(known[0] ?? 'a', fc.constantFrom(...known, 'a', '', '__proto__'), 2), queryValue);
  const query = fc
    .array(pair, { maxLength: 2 })
    .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));
  return fc.record({ values, query }).map(({ values: [...parts], query: text }) => ({
    path: path.replaceAll(/\{\w+\}/g, () => parts.shift()!),
    query: text && `?${text}`,
  }));
}

function pathPart(id: string, example: unknown): fc.Arbitrary<string> {
  const there = destructive.has(id) ? [] : [nodeName, models.chat];
  const usual = fc.constantFrom(
    ...there,
    encodeURIComponent(typeof example === 'string' ? example : 'spare'),
    'no-such',
  );
  return fc.oneof({ weight: 3, arbitrary: usual }, { weight: 2, arbitrary: fc.constantFrom(...oddParts) });
}

/** As they stand in a URL; some are no encoding of anything. */
const oddParts = [
  ...[
    '%20',
    '%00',
    '%2e%2e%2f',
    '..%2f..%2fetc',
    '%ff',
    '%zz',
    '%',
    '%F0%9F%98%80',
    '__proto__',
    'constructor',
    '%0d%0ax',
    ':',
  ],
  ...[
    'sha256:00',
    `sha256:${'0'.repeat(64)}`,
    'resp_0',
    'x'.repeat(499),
    'x'.repeat(501),
    '%7B%22%24gt%22%3A%22%22%7D',
    '*',
    '@',
  ],
];

const queryValue = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '1',
    '-1',
    '1.5',
    '1e3',
    '1e999',
    'NaN',
    'true',
    'false',
    'null',
    '%00',
    '%ff',
    '%zz',
    '1&a=2',
    '%5B%5D',
  ),
  fc.constantFrom(...hostileTexts.filter((text) => text.isWellFormed() && text.length < 400)).map(encodeURIComponent),
);

function bodyFor({ id, body }: Operation, schemas: Documented['schemas']): fc.Arbitrary<Buffer> {
  const skeleton = skeletons[id];
  const examples = onlySkeleton.has(id) ? [] : (body?.examples ?? []);
  const sound = [...examples, ...(skeleton ? [skeleton, skeleton] : [])].map((one) => fc.constant(one).map(treeOf));
  const made = onlySkeleton.has(id) ? [] : [fromSchema(schemas, body!.schema)];
  const trees: fc.Arbitrary<Tree> = fc.oneof(...sound, ...made);
  const text = fc
    .tuple(trees, fc.array(damage, { maxLength: 3 }))
    .map(([tree, all]) => damaged(structuredClone(tree), all));
  return damagedBytes(destructive.has(id) ? text.map(withSpareModels) : text);
}

/** A model that is taken away or replaced is one that no other operation uses. */
function withSpareModels(text: string): string {
  return text.replaceAll(/"(model|name|source|destination|from)":"/g, '"$1":"spare-');
}

/** For operations that take none. */
const strangeBody = mostly<Buffer | undefined>(
  undefined,
  fc.constantFrom('{}', '[]', '{"a":1}', 'null', 'x', '\0').map((text) => Buffer.from(text)),
  12,
);

const values = (...all: string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...all, '', ' ', '\u00e9\u00ff', 'x'.repeat(600), '-1', 'nope');
const headerOf = (name: string, ...all: string[]): fc.Arbitrary<readonly [string, string]> =>
  values(...all).map((value) => [name, value] as const);

const header = fc.oneof(
  headerOf(
    'content-type',
    'application/json',
    'application/json\ta',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    ';',
  ),
  headerOf(
    'content-type',
    'application/json; charset=utf-16',
    'application/grpc',
    'application/grpc-web',
    'application/proto',
  ),
  headerOf('content-encoding', 'gzip', 'identity', 'br, gzip', 'deflate'),
  headerOf('accept', 'text/event-stream', 'application/json', '*/*', 'image/png'),
  headerOf('accept-encoding', 'gzip', 'br', 'identity;q=0', '*'),
  headerOf('authorization', 'Bearer x', 'Basic eA==', 'Bearer', 'bearer \t'),
  headerOf('x-api-key', 'x'),
  headerOf('host', 'localhost', 'example.com', '127.0.0.1:99999', '[::1]', 'a b'),
  headerOf('origin', 'http://localhost:3000', 'https://example.com', 'null'),
  headerOf('x-request-id', 'mine', '../..', '${x}'),
  headerOf('idempotency-key', 'a', 'b', 'c', 'x'.repeat(255)),
  headerOf('prefer', 'respond-async', 'wait=1'),
  headerOf('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0-0-00'),
  headerOf('anthropic-version', '2023-06-01', '1999-01-01'),
  headerOf('anthropic-beta', 'foo-2026', 'a,b,,c'),
  headerOf('x-tutti-priority', 'interactive', 'default', 'batch', 'urgent'),
  headerOf('x-tutti-privacy', 'local', 'cluster', 'any', 'secret'),
  headerOf('x-tutti-node', nodeName, 'nowhere', '__proto__'),
  headerOf('x-tutti-tier', '0', '1', '100', '101', '1.5', 'NaN', '1e2'),
  headerOf('x-tutti-resume', 'continue', 'yes'),
  headerOf('x-tutti-fallback', 'nope', `${models.chat},nope`, ',,,', '__proto__', 'a,'.repeat(200)),
  headerOf('x-tutti-parameters', 'auto', 'on'),
  headerOf('x-tutti-cache', 'use', 'bypass', 'maybe'),
  headerOf('x-tutti-hops', '0', '1', '99', '1e9'),
  headerOf('x-tutti-placement', '2', 'all', '0', '1000000', nodeName, 'a,b'),
  headerOf('x-tutti-deadline-ms', '1000', '1e999'),
);

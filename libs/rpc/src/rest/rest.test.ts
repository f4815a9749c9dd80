import type { JsonValue } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import { AdminService } from '@tutti/proto/tutti/v1/admin';
import { LogService } from '@tutti/proto/tutti/v1/log';
import { NodeService, NodeStatus } from '@tutti/proto/tutti/v1/node';
import { ExecutionState, PatternService } from '@tutti/proto/tutti/v1/pattern';
import { describe, expect, it } from 'vitest';
import { aborted, failure, tracked } from '../contract.fixture.ts';
import type { AnyHandler, HandlerContext, Implementation } from '../handler.ts';
import { serviceWith } from './bindings.fixture.ts';
import type { RequestParts } from './read-request.ts';
import { restRoutes } from './rest.ts';
import type { RestAnswer, RestRequest, RestRoute } from './rest.ts';

type Parts = Partial<RequestParts> & { headers?: Record<string, string>; signal?: AbortSignal };

function requestOf({ headers = {}, ...parts }: Parts): RestRequest {
  const { signal } = new AbortController();
  return {
    params: {},
    query: {},
    body: undefined,
    signal,
    peer: '',
    metadata: new Map(Object.entries(headers)),
    ...parts,
  };
}

function routeOf(routes: RestRoute[], route: string): (parts?: Parts) => Promise<RestAnswer> {
  const found = routes.find(({ verb, path }) => `${verb} ${path}` === route)!;
  return (parts = {}) => found.handle(requestOf(parts));
}

async function jsonOf(answer: Promise<RestAnswer>): Promise<unknown> {
  const got = await answer;
  return got.kind === 'json' ? JSON.parse(got.text) : got.kind;
}

/** What a handler gets and gives back over one rule. */
function echo(rule: { verb: 'get' | 'post'; path: string; body?: string }) {
  const service = serviceWith({ pattern: { case: rule.verb, value: rule.path }, body: rule.body ?? '' });
  const implementation = { do: (async (request) => request) as AnyHandler };
  const [route] = restRoutes(service, implementation as object);
  return (parts: Parts) => jsonOf(route!.handle(requestOf(parts)));
}

const get = echo({ verb: 'get', path: '/a/{string_value}' });

describe('a query', () => {
  it('gives values of every kind', async () => {
    const query = {
      boolValue: 'true',
      int32_value: '-12',
      uint32Value: '4294967295',
      doubleValue: '1.5e3',
      bytesValue: 'aGk=',
      names: ['a', 'b,c', ''],
      numbers: '7',
      colour: 'RED',
      colours: ['GREEN', 'COLOUR_RED'],
      'inner.text_value': 'deep',
      'inner.colour': 'GREEN',
    };
    expect(await get({ params: { stringValue: 'x' }, query })).toEqual({
      stringValue: 'x',
      boolValue: true,
      int32Value: -12,
      uint32Value: 4_294_967_295,
      doubleValue: 1500,
      bytesValue: 'aGk=',
      names: ['a', 'b,c', ''],
      numbers: [7],
      colour: 'RED',
      colours: ['GREEN', 'RED'],
      inner: { textValue: 'deep', colour: 'GREEN' },
      inners: [],
    });
  });

  it.each([
    ['boolValue', 'yes', 'boolValue must be true or false, got "yes".'],
    ['boolValue', '', 'boolValue must be true or false, got "".'],
    ['int32_value', '1.5', 'int32_value must be a whole number from -2147483648 to 2147483647, got "1.5".'],
    ['int32Value', '2147483648', 'int32Value must be a whole number from -2147483648 to 2147483647, got "2147483648".'],
    ['int32Value', '0x10', 'int32Value must be a whole number from -2147483648 to 2147483647, got "0x10".'],
    ['uint32Value', '-1', 'uint32Value must be a whole number from 0 to 4294967295, got "-1".'],
    ['doubleValue', 'NaN', 'doubleValue must be a number, got "NaN".'],
    ['doubleValue', '1e999', 'doubleValue must be a number, got "1e999".'],
    ['doubleValue', ' 1', 'doubleValue must be a number, got " 1".'],
    ['colour', 'BLUE', 'colour must be one of RED, GREEN, got "BLUE".'],
    ['colour', 'toString', 'colour must be one of RED, GREEN, got "toString".'],
    ['numbers', ['1', 'x'], 'numbers must be a whole number from -2147483648 to 2147483647, got "x".'],
    ['int32Value', ['1', '2'], 'int32Value is given more than once.'],
    ['int32Valeu', '1', 'There is no query parameter "int32Valeu"; did you mean "int32Value"?'],
    ['DOUBLEVALUE', '1', 'There is no query parameter "DOUBLEVALUE"; did you mean "doubleValue"?'],
    [
      'stringValue',
      '1',
      'There is no query parameter "stringValue"; there is boolValue, int32Value, uint32Value, doubleValue, bytesValue, names, numbers, colour, colours, inner.textValue, inner.colour.',
    ],
    ['colour', 'z'.repeat(5_000), `colour must be one of RED, GREEN, got "${'z'.repeat(40)}…".`],
  ])('%s=%s is refused', async (name, value, message) => {
    const error = await failure(get({ params: { stringValue: 'x' }, query: { [name]: value } }));
    expect([error.reason, error.message, error.param]).toEqual(['invalid_request', message, name]);
  });

  it('does not take a parameter under both of its names', async () => {
    const error = await failure(get({ params: {}, query: { int32_value: '1', int32Value: '1' } }));
    expect(error.message).toMatch(/more than once/);
  });

  it.each(['__proto__', 'constructor', 'inner.__proto__', ''])('does not know %j', async (name) => {
    const query = Object.fromEntries([[name, 'x']]);
    const error = await failure(get({ params: {}, query }));
    expect(error).toMatchObject({ reason: 'invalid_request', param: name });
  });

  it('of 5,000 names or one long one is refused soon', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`n${at}`, '']));
    expect((await failure(get({ params: {}, query: many }))).reason).toBe('invalid_request');
    const { message, param } = await failure(get({ params: {}, query: { ['x'.repeat(1_000_000)]: '' } }));
    expect(message.length + param!.length).toBeLessThan(1_000);
  });
});

describe('a body', () => {
  const post = echo({ verb: 'post', path: '/a/{string_value}', body: '*' });
  const field = echo({ verb: 'post', path: '/a/{string_value}', body: 'inner' });
  const none = echo({ verb: 'post', path: '/a/{string_value}' });
  const params = { stringValue: 'x' };

  it('holds all fields that the path does not', async () => {
    const body = {
      int32_value: 5,
      names: ['a'],
      inner: { colour: 'GREEN' },
      inners: [{ colour: 1 }],
      stringValue: 'x',
    };
    expect(await post({ params, body })).toMatchObject({
      stringValue: 'x',
      int32Value: 5,
      names: ['a'],
      inner: { colour: 'GREEN' },
      inners: [{ colour: 'RED' }],
    });
  });

  it('may be one field, or missing', async () => {
    expect(await field({ params, body: { textValue: 't' }, query: { int32Value: '3' } })).toMatchObject({
      int32Value: 3,
      inner: { textValue: 't' },
    });
    expect(await field({ params })).not.toHaveProperty('inner');
    expect(await field({ params, body: null })).not.toHaveProperty('inner');
    expect(await post({ params })).toMatchObject({ stringValue: 'x', int32Value: 0 });
    expect(await none({ params, body: {} })).toMatchObject({ stringValue: 'x' });
  });

  it.each<[string, JsonValue, string, string | undefined]>([
    ['an array', [], 'The body must be an object, got an array.', undefined],
    ['null', null, 'The body must be an object, got null.', undefined],
    ['a text', 'x', 'The body must be an object, got a string.', undefined],
    ['an unknown field', { nams: [] }, 'There is no field "nams"; did you mean "names"?', 'nams'],
    [
      'an unknown field inside',
      { inner: { inner: { colur: 1 } } },
      'There is no field "inner.inner.colur"; did you mean "inner.inner.colour"?',
      'inner.inner.colur',
    ],
    ['a number for a text', { names: [5] }, 'names: list item #1: expected string, got 5.', 'names'],
    ['a text for a number', { int32Value: 'x' }, 'int32Value: expected number (int32), got "x".', 'int32Value'],
    ['a number for a message', { inner: 5 }, 'inner must be an object, got a number.', 'inner'],
    ['an unknown colour', { colour: 'BLUE' }, 'colour must be one of RED, GREEN, got "BLUE".', 'colour'],
    ['two names of one field', { int32Value: 1, int32_value: 1 }, 'int32Value: set multiple times.', 'int32Value'],
    [
      'another value than the path',
      { string_value: 'y' },
      'stringValue is another in the body than in the path.',
      'stringValue',
    ],
  ])('that is or has %s is refused', async (_, body, message, param) => {
    const error = await failure(post({ params, body }));
    expect([error.reason, error.message, error.param]).toEqual(['invalid_request', message, param]);
  });

  it('is refused where there is none', async () => {
    const error = await failure(none({ params, body: { int32Value: 1 } }));
    expect(error).toMatchObject({ reason: 'invalid_request', message: 'The body must be empty or {} here.' });
  });

  it('changes no prototype', async () => {
    const polluting = JSON.parse('{"__proto__": {"int32Value": 1}}') as JsonValue;
    expect(await failure(post({ params, body: polluting }))).toMatchObject({ param: '__proto__' });
    expect(await failure(field({ params, body: polluting }))).toMatchObject({ param: 'inner.__proto__' });
    expect(({} as Record<string, unknown>)['int32Value']).toBeUndefined();
  });
});

describe('an answer', () => {
  it('prints what is 0 or false, leaves out what is absent, and shortens enums', async () => {
    const routes = restRoutes(NodeService, {
      listNodes: async () => ({
        nodes: [{ name: 'agx0', status: NodeStatus.READY, attributes: { labels: { __proto__: 'x' } } }],
      }),
      getNode: async ({ name }) => ({ node: { name } }),
    });
    const list = await jsonOf(routeOf(routes, 'GET /api/nodes')());
    expect(list).toMatchObject({ nodes: [{ name: 'agx0', status: 'READY', modelCount: 0, runners: [], id: '' }] });
    expect(JSON.stringify(list)).not.toContain('heartbeatAgeMs');
    const node = await jsonOf(routeOf(routes, 'GET /api/nodes/:name')({ params: { name: 'n' } }));
    expect(node).toMatchObject({ name: 'n', status: 'UNSPECIFIED' });
  });

  it('has free JSON as it is', async () => {
    const changes: JsonValue[] = [];
    const routes = restRoutes(AdminService, {
      updateConfig: async ({ changes: given }) => {
        changes.push(given as JsonValue);
        return { changed: [{ path: 'a', value: { kind: { case: 'numberValue', value: 0 } }, origin: 'api' }] };
      },
    });
    const body = JSON.parse('{"server":{"port":1,"list":[null,true,"x"]},"__proto__":{"x":1}}') as JsonValue;
    const answer = await jsonOf(routeOf(routes, 'PATCH /admin/config')({ body }));
    expect(answer).toEqual({ changed: [{ path: 'a', value: 0, origin: 'api', reloadable: false }] });
    expect(JSON.stringify(changes[0])).toBe(JSON.stringify(body));
  });

  it('that is no message is an internal error', async () => {
    const routes = restRoutes(AdminService, { getConfig: async () => ({ settings: [{ value: {} }] }) });
    const thrown = await routeOf(routes, 'GET /admin/config')().catch((error: unknown) => ClusterError.from(error));
    expect(thrown).toMatchObject({ reason: 'internal', message: 'internal error' });
  });

  it('of a method that is not there is not_implemented', async () => {
    const error = await failure(routeOf(restRoutes(NodeService, {}), 'GET /api/nodes')());
    expect(error.reason).toBe('not_implemented');
  });
});

const page = (message: string) => ({ lines: [{ message }], nextPageToken: message });

function logs(query: (request: { follow: boolean }, context: HandlerContext) => AsyncIterable<object>) {
  const routes = restRoutes(LogService, { queryLogs: query as never });
  return routeOf(routes, 'GET /api/logs');
}

async function textsOf(answer: Promise<RestAnswer>): Promise<string[]> {
  const got = await answer;
  const texts: string[] = [];
  if (got.kind === 'events')
    for await (const { data } of got.events) texts.push((JSON.parse(data) as { nextPageToken: string }).nextPageToken);
  return texts;
}

describe('a stream', () => {
  const two = logs(async function* () {
    yield page('one');
    yield page('two');
  });

  it('is the last message as JSON', async () => {
    expect(await jsonOf(two())).toEqual({
      lines: [expect.objectContaining({ message: 'two' })],
      nextPageToken: 'two',
      dropped: 0,
    });
  });

  it('is events for whoever accepts or asks for them', async () => {
    expect(await textsOf(two({ headers: { accept: 'text/event-stream' } }))).toEqual(['one', 'two']);
    expect(await textsOf(two({ query: { follow: 'true' } }))).toEqual(['one', 'two']);
    expect(await textsOf(two({ query: { follow: 'false' } }))).toEqual([]);
  });

  it('is events for everyone where it has no one answer', async () => {
    const service = serviceWith({ pattern: { case: 'get', value: '/a' } }, { serverStreaming: true });
    const implementation = {
      do: async function* () {
        yield {};
      },
    };
    const [route] = restRoutes(service, implementation as object);
    expect((await route!.handle(requestOf({}))).kind).toBe('events');
  });

  it('that gives nothing is an internal error', async () => {
    const none = logs(async function* () {});
    expect((await failure(none())).reason).toBe('internal');
  });

  it('of messages that are one of several names its events, and each stands there as the one that it is', async () => {
    const runDebate: Implementation<typeof PatternService>['runDebate'] = async function* () {
      yield { kind: { case: 'started', value: { id: 'run-1', state: ExecutionState.RUNNING, pattern: 'debate' } } };
      yield { kind: { case: 'event', value: { seq: 7, type: 'said', text: 'hi' } } };
      yield { kind: { case: 'result', value: { id: 'run-1', finalSynthesis: 'so' } } };
    };
    const run = routeOf(restRoutes(PatternService, { runDebate }), 'POST /api/patterns/debate');
    const answer = await run({ headers: { accept: 'text/event-stream' } });
    const events = answer.kind === 'events' ? await Array.fromAsync(answer.events) : [];
    expect(events.map(({ event, id, data }) => [event, id, JSON.parse(data)])).toMatchObject([
      ['started', undefined, { id: 'run-1', state: 'RUNNING', pattern: 'debate' }],
      ['event', '7', { seq: 7, type: 'said', text: 'hi' }],
      ['result', undefined, { finalSynthesis: 'so', debateMessages: [] }],
    ]);
    expect(await jsonOf(run())).toMatchObject({ id: 'run-1', finalSynthesis: 'so' });
    const first = await run({ headers: { prefer: 'respond-async' } });
    expect(first).toEqual({ kind: 'json', status: 202, text: '{"id":"run-1","state":"RUNNING","pattern":"debate"}' });
  });

  it('takes the ids of its events from the field that is meant for it', async () => {
    const streamExecutionEvents = async function* () {
      yield { event: { seq: 3, type: 'asked' } };
    };
    const routes = restRoutes(PatternService, { streamExecutionEvents });
    const answer = await routeOf(routes, 'GET /api/patterns/execution/:id/events')({ params: { id: 'run-1' } });
    const events = answer.kind === 'events' ? await Array.fromAsync(answer.events) : [];
    expect(events).toEqual([{ id: '3', data: '{"seq":3,"time":"","type":"asked"}' }]);
  });

  it('starts nothing before its events are read, and is left with them', async () => {
    const source = tracked([page('one'), page('two')]);
    const answer = await logs(() => source.items)({ query: { follow: 'true' } });
    expect(source.count).toBe(0);
    if (answer.kind === 'events') for await (const _ of answer.events) break;
    await source.ended;
    expect(source.count).toBe(1);
  });

  it('ends with its signal, also if its handler does not', async () => {
    const stubborn = logs(async function* () {
      yield page('one');
      await new Promise(() => {});
    });
    const controller = new AbortController();
    const reading = failure(jsonOf(stubborn({ signal: controller.signal })));
    controller.abort();
    expect((await reading).reason).toBe('client_closed');
  });

  it('goes on without a client that prefers not to wait', async () => {
    const controller = new AbortController();
    const more = Promise.withResolvers<void>();
    const done = Promise.withResolvers<boolean>();
    const running = logs(async function* (_, { signal }) {
      yield page('one');
      await more.promise;
      yield page('two');
      done.resolve(signal.aborted);
    });
    const answer = await running({ headers: { prefer: 'respond-async, wait=10' }, signal: controller.signal });
    expect(answer).toMatchObject({ kind: 'json', status: 202 });
    controller.abort();
    more.resolve();
    expect(await done.promise).toBe(false);
  });

  it('is cancelled if such a client leaves before the first message', async () => {
    const controller = new AbortController();
    const told = Promise.withResolvers<unknown>();
    const running = logs(async function* (_, { signal }) {
      told.resolve(await aborted(signal));
      yield page('never');
    });
    const answer = failure(running({ headers: { prefer: 'respond-async' }, signal: controller.signal }));
    controller.abort();
    expect((await answer).reason).toBe('client_closed');
    await told.promise;
  });

  it('that fails after its answer tells the log', async () => {
    const told = Promise.withResolvers<[ClusterError, string]>();
    const queryLogs = async function* () {
      yield page('one');
      throw new ClusterError('storage_unavailable', 'the store is away');
    };
    const onError = (error: ClusterError, method: string): void => told.resolve([error, method]);
    const route = routeOf(restRoutes(LogService, { queryLogs }, { onError }), 'GET /api/logs');
    await route({ headers: { prefer: 'respond-async' } });
    expect(await told.promise).toMatchObject([{ reason: 'storage_unavailable' }, 'tutti.v1.LogService/QueryLogs']);
  });
});

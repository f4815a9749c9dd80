import { ScalarType } from '@bufbuild/protobuf';
import type { DescMessage } from '@bufbuild/protobuf';
import { AccessService } from '@tutti/proto/tutti/v1/access';
import { AdminService } from '@tutti/proto/tutti/v1/admin';
import { ClusterService } from '@tutti/proto/tutti/v1/cluster';
import { LogService } from '@tutti/proto/tutti/v1/log';
import { NodeService } from '@tutti/proto/tutti/v1/node';
import { QueueService } from '@tutti/proto/tutti/v1/queue';
import { describe, expect, it } from 'vitest';
import { serviceWith } from './bindings.fixture.ts';
import { bindingsOf, pathOf } from './bindings.ts';
import type { Binding } from './bindings.ts';
import { queryParametersOf } from './query-parameters.ts';

const services = [AccessService, AdminService, ClusterService, LogService, NodeService, QueueService];

function shown(binding: Binding) {
  return {
    route: `${binding.verb} ${pathOf(binding, (name) => `{${name}}`)}`,
    query: queryParametersOf(binding).map(({ name }) => name),
    body: typeof binding.body === 'object' ? binding.body.jsonName : binding.body,
    responseBody: binding.responseBody?.jsonName,
  };
}

const rule = (pattern: string, rest: object = {}) => ({ pattern: { case: 'get' as const, value: pattern }, ...rest });

describe('bindings', () => {
  it('are what the rules of the public services say', () => {
    const byRoute = new Map(services.flatMap(bindingsOf).map((binding) => [shown(binding).route, shown(binding)]));
    expect(byRoute.get('GET /api/nodes')).toMatchObject({ query: [], body: undefined });
    expect(byRoute.get('GET /api/nodes/{name}')).toMatchObject({ query: [], responseBody: 'node' });
    expect(byRoute.get('PATCH /api/nodes/{name}')).toMatchObject({ query: [], body: 'changes', responseBody: 'node' });
    expect(byRoute.get('POST /api/keys')).toMatchObject({ query: [], body: '*' });
    expect(byRoute.get('GET /api/logs')?.query).toEqual([
      'level',
      'node',
      'service',
      'requestId',
      'from',
      'to',
      'q',
      'pageSize',
      'pageToken',
      'follow',
    ]);
    expect(byRoute.get('DELETE /api/tokens/{id}')).toMatchObject({ responseBody: 'token' });
    expect(byRoute.get('PATCH /admin/config')).toMatchObject({ body: 'changes', query: [] });
  });

  it('are as many as there are methods, each route once', () => {
    const routes = services.flatMap(bindingsOf).map((binding) => shown(binding).route);
    expect(routes).toHaveLength(services.flatMap(({ methods }) => methods).length);
    expect(new Set(routes).size).toBe(routes.length);
  });

  it('may be several of one method', () => {
    const [first, second] = bindingsOf(
      serviceWith(
        rule('/a/{string_value}', {
          additionalBindings: [{ pattern: { case: 'put', value: '/b/{int32_value=*}' }, body: '*' }],
        }),
      ),
    ).map(shown);
    expect(first).toMatchObject({ route: 'GET /a/{stringValue}', body: undefined });
    expect(second).toMatchObject({ route: 'PUT /b/{int32Value}', body: '*', query: [] });
  });

  it('take single values, lists of them, and fields of messages from the query', () => {
    const [binding] = bindingsOf(serviceWith(rule('/a/{string_value}')));
    const names = queryParametersOf(binding!).map(({ name, repeated }) => name + (repeated ? '[]' : ''));
    expect(names.slice(5)).toEqual(['names[]', 'numbers[]', 'colour', 'colours[]', 'inner.textValue', 'inner.colour']);
    expect(names).not.toContain('stringValue');
  });

  it.each([
    ['a field that is not there', rule('/a/{nope}'), /no field "nope"/],
    ['a body that is not there', rule('/a', { body: 'nope' }), /no field "nope"/],
    ['an answer that is not there', rule('/a', { responseBody: 'nope' }), /no field "nope"/],
    ['a list in the path', rule('/a/{names}'), /not a single value/],
    ['many parts for a field', rule('/a/{string_value=**}'), /not supported/],
    ['a verb after a colon', rule('/a:do'), /not supported/],
    ['no slash', rule('a'), /slash/],
    ['no method of HTTP', {}, /no method of HTTP/],
  ])('refuse a rule with %s', (_, broken, says) => {
    expect(() => bindingsOf(serviceWith(broken))).toThrow(says);
  });

  it('refuse a method whose client streams', () => {
    expect(() => bindingsOf(serviceWith(rule('/a'), { clientStreaming: true }))).toThrow(/cannot stream/);
  });
});

describe('the public services', () => {
  /** A JavaScript client gets a 64-bit integer as text. */
  const wide = new Set([
    ScalarType.INT64,
    ScalarType.UINT64,
    ScalarType.SINT64,
    ScalarType.FIXED64,
    ScalarType.SFIXED64,
  ]);

  function wideFields(message: DescMessage, seen: Set<string>): string[] {
    if (seen.has(message.typeName)) return [];
    seen.add(message.typeName);
    return message.fields.flatMap((field) => {
      if (field.scalar !== undefined && wide.has(field.scalar)) return [field.toString()];
      return field.message ? wideFields(field.message, seen) : [];
    });
  }

  it('have no 64-bit integers', () => {
    const messages = services.flatMap(({ methods }) => methods.flatMap(({ input, output }) => [input, output]));
    const seen = new Set<string>();
    expect(messages.flatMap((message) => wideFields(message, seen))).toEqual([]);
    expect(seen.size).toBeGreaterThan(50);
  });
});

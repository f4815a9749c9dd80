import { ClusterError } from '@tutti/core';
import { LogService } from '@tutti/proto/tutti/v1/log';
import { NodeService } from '@tutti/proto/tutti/v1/node';
import { describe, expect, it } from 'vitest';
import { serviceWith } from '../rest/bindings.fixture.ts';
import { restRoutes } from '../rest/rest.ts';
import type { Schema } from './document.ts';
import { serviceEndpoints } from './endpoints.ts';

const rule = (pattern: string, rest: object = {}) => ({ pattern: { case: 'post' as const, value: pattern }, ...rest });

const endpointsOf = (service: typeof NodeService | typeof LogService, notes = {}) =>
  serviceEndpoints([{ service, tag: 'Some' }], notes);

function operationOf(service: typeof NodeService | typeof LogService, operationId: string, notes = {}) {
  return endpointsOf(service, notes).endpoints.find(({ operation }) => operation.operationId === operationId)!;
}

const bodyOf = { body: '*' };
const test = serviceWith(rule('/a', bodyOf));
const { endpoints, schemas } = serviceEndpoints([{ service: test, tag: 'Test' }], {});
const all = schemas['All'] as { properties: Record<string, Schema>; required: string[] };

async function answered(answer: object): Promise<Record<string, unknown>> {
  const [route] = restRoutes(test, { do: async () => answer } as object);
  const parts = { params: {}, query: {}, body: {}, metadata: new Map(), peer: '', principal: undefined };
  const got = await route!.handle({ ...parts, signal: new AbortController().signal });
  return JSON.parse(got.kind === 'json' ? got.text : '') as Record<string, unknown>;
}

describe('the schema of an answer', () => {
  it('requires just what is always printed', async () => {
    expect(all.required.toSorted()).toEqual(Object.keys(await answered({})).toSorted());
  });

  it('has every field that can be printed, with its type', async () => {
    const json = await answered({
      ...{ stringValue: 'a', boolValue: true, int32Value: 1, uint32Value: 1, doubleValue: 0.5 },
      ...{ bytesValue: new Uint8Array([1]), names: ['a'], numbers: [1], colour: 1, colours: [2] },
      ...{ inner: { textValue: 'a' }, inners: [{ textValue: 'a' }] },
    });
    expect(Object.keys(all.properties).toSorted()).toEqual(Object.keys(json).toSorted());
    const types: Record<string, string> = { string: 'string', number: 'number', boolean: 'boolean' };
    for (const [name, value] of Object.entries(json)) {
      const type = all.properties[name]!['type'];
      if (Array.isArray(value)) expect(type, name).toBe('array');
      else if (typeof value !== 'object' && type !== undefined)
        expect(type === 'integer' ? 'number' : type, name).toBe(types[typeof value]);
    }
    expect(schemas['Colour']).toMatchObject({ type: 'string', enum: ['RED', 'GREEN'] });
    expect(json['colours']).toEqual(['GREEN']);
  });

  it('refers to itself where a message holds itself', () => {
    expect(schemas['Inner']).toMatchObject({ properties: { inner: { $ref: '#/components/schemas/Inner' } } });
  });
});

describe('the schema of a request', () => {
  const { schema } = endpoints[0]!.operation.requestBody!.content['application/json']!;

  it('requires nothing, allows nothing else, and is another than that of the answer', () => {
    expect(schema).toEqual({ $ref: '#/components/schemas/AllInput' });
    expect(schemas['AllInput']).not.toHaveProperty('required');
    expect(schemas['AllInput']).toHaveProperty('additionalProperties', false);
  });

  it('leaves out what the path holds', () => {
    const service = serviceWith(rule('/a/{string_value}', bodyOf));
    const { operation } = serviceEndpoints([{ service, tag: 'Test' }], {}).endpoints[0]!;
    const body = operation.requestBody!.content['application/json']!.schema as typeof all;
    expect(Object.keys(body.properties)).not.toContain('stringValue');
    expect(Object.keys(body.properties)).toContain('boolValue');
    expect(operation.parameters).toMatchObject([{ name: 'stringValue', in: 'path', required: true }]);
  });

  it('is a query where there is no body', () => {
    const service = serviceWith(rule('/a'));
    const { operation } = serviceEndpoints([{ service, tag: 'Test' }], {}).endpoints[0]!;
    const names = operation.parameters.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['names', 'colour', 'inner.textValue']));
    expect(operation).not.toHaveProperty('requestBody');
    expect(operation.parameters.find(({ name }) => name === 'names')?.schema).toMatchObject({ type: 'array' });
  });
});

describe('an operation', () => {
  it('says what its proto file says', () => {
    expect(operationOf(NodeService, 'listNodes')).toMatchObject({
      verb: 'get',
      path: '/api/nodes',
      operation: {
        tags: ['Some'],
        summary: 'Returns every node that is connected, declared or silent',
        description: 'Returns every node that is connected, declared or silent.',
        'x-permission': 'view',
        security: [{ bearerAuth: [] }, { apiKeyHeader: [] }],
      },
    });
    const { Node } = endpointsOf(NodeService, { addNode: { summary: 'Adds' } }).schemas;
    expect(Node).toHaveProperty('properties.name.description', 'Name, unique in the cluster.');
    expect(Node).toHaveProperty('properties.status', {
      description: 'Whether it gets calls.',
      $ref: '#/components/schemas/NodeStatus',
    });
  });

  it('answers with the field that its rule names', () => {
    const { responses } = operationOf(NodeService, 'getNode').operation;
    expect(responses['200']).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } },
    });
  });

  it('has the errors that follow from its path, its permission and its comment', () => {
    expect(Object.keys(operationOf(NodeService, 'getNode').operation.responses)).toEqual([
      '200',
      '400',
      '401',
      '403',
      '404',
      '429',
    ]);
    expect(operationOf(NodeService, 'getNode', { getNode: { errors: [503] } }).operation.responses['503']).toEqual({
      $ref: '#/components/responses/Problem503',
    });
  });

  it('that streams is JSON, events, or the first message', () => {
    const { responses, parameters } = operationOf(LogService, 'queryLogs', {
      queryLogs: { summary: 'Reads' },
    }).operation;
    const schema = { $ref: '#/components/schemas/QueryLogsResponse' };
    expect(responses['200']).toMatchObject({
      content: { 'application/json': { schema }, 'text/event-stream': { 'x-itemSchema': schema } },
    });
    expect(responses['202']).toMatchObject({ content: { 'application/json': { schema } } });
    expect(parameters.map(({ name }) => name)).toContain('Prefer');
  });

  it('needs a summary of its own if its first sentence is too long', () => {
    const notes = { listNodes: { summary: 'a'.repeat(61) } };
    expect(() => endpointsOf(NodeService, notes)).toThrow(ClusterError);
  });
});

import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { PermissionSchema } from '@tutti/proto/tutti/v1/options';
import { guardedApp } from '../../access/guarded-app.fixture.ts';
import { faces } from '../faces.ts';
import { openapiDocument } from './document.ts';
import { usualFacts } from './facts.ts';
import { ownShapes } from './own-shapes.ts';
import { serviceNotes } from './service-notes.ts';

const server = await guardedApp({ exposed: false });
afterAll(() => server.close());

const document = openapiDocument(usualFacts);
const operations = Object.entries(document.paths).flatMap(([path, verbs]) =>
  Object.entries(verbs).map(([verb, operation]) => ({ name: `${verb.toUpperCase()} ${path}`, path, operation })),
);

/** Files that a page loads are no API, and Connect's routes are described by the proto files. */
function isDescribedElsewhere(url: string): boolean {
  return url.startsWith('/logviewer/') || url.startsWith('/swagger-ui.html/') || url.startsWith('/tutti.v1.');
}

/** The plugin adds the path without the slash by itself, and tells only of the one with it. */
function pathOf(url: string): string {
  const path = url.replaceAll(/:(\w+)/g, '{$1}').replace('/v1/models/*', '/v1/models/{model}');
  return path === '/swagger-ui.html/' ? '/swagger-ui.html' : path;
}

const get = (url: string, headers: Record<string, string> = {}) =>
  server.app.inject({ url, headers: { host: 'localhost', ...headers } });

describe('the document', () => {
  it('has every route, with its permission, and no other', () => {
    const routes = server.routes
      .filter(({ url }) => !isDescribedElsewhere(pathOf(url)))
      .flatMap(({ method, url, config }) =>
        [method].flat().map((verb) => ({ verb, url, permission: config!.permission! })),
      )
      .filter(({ verb }) => verb !== 'HEAD')
      .map(({ verb, url, permission }) => [
        `${verb} ${pathOf(url)}`,
        PermissionSchema.value[permission]!.localName.toLowerCase(),
      ]);
    const described = operations.map(({ name, operation }) => [name, operation['x-permission']]);
    expect(Object.fromEntries(described)).toEqual(Object.fromEntries(routes));
  });

  it('is what is committed in docs/openapi.json: if not, run "npm run openapi" and review the difference', async () => {
    const committed = await readFile(new URL('../../../../../docs/openapi.json', import.meta.url), 'utf8');
    expect(JSON.parse(committed)).toEqual(JSON.parse((await get('/openapi.json')).body));
  });

  it('knows everything about operations that exist, and nothing about others', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(expect.arrayContaining(Object.keys(serviceNotes(usualFacts))));
  });

  it('gives no two shapes one name', () => {
    const names = [ownShapes, ...Object.values(faces).map(({ shapes }) => shapes)].flatMap(Object.keys);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('names no group, shape or answer that is not there', () => {
    const groups = new Set(document.tags.map(({ name }) => name));
    const used = new Set(operations.flatMap(({ operation }) => operation.tags));
    expect(used.difference(groups)).toEqual(new Set());
    const { schemas, responses } = document.components;
    const there = [
      ...Object.keys(schemas).map((name) => `#/components/schemas/${name}`),
      ...Object.keys(responses).map((name) => `#/components/responses/${name}`),
    ];
    const named = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
    expect(new Set([...named].map(([, name]) => name)).difference(new Set(there))).toEqual(new Set());
  });

  it('has an example for each operation, whose status it describes', () => {
    for (const { name, operation } of operations) {
      const { parameters, requestBody, responses } = operation;
      const inPath = parameters.filter((parameter) => parameter.in === 'path');
      expect(
        inPath.filter(({ example }) => example === undefined),
        name,
      ).toEqual([]);
      const bodies = Object.values(requestBody?.content ?? {});
      expect(
        bodies.every(({ examples }) => examples && Object.keys(examples).length > 0),
        name,
      ).toBe(true);
      expect(Object.keys(responses), name).toContain(String(operation['x-exampleStatus']));
      expect(operation['x-codeSamples'], name).toHaveLength(1);
    }
  });

  it('shows no stream to whoever tries chat', () => {
    for (const path of ['/api/chat', '/api/generate']) {
      const { requestBody, description } = document.paths[path]!['post']!;
      const examples = Object.values(requestBody!.content['application/json']!.examples!);
      expect(examples.map(({ value }) => value)).toEqual([expect.objectContaining({ stream: false })]);
      expect(description).toContain('curl -N');
    }
  });

  it('has curl commands that a shell takes as they are', () => {
    const source = document.paths['/api/nodes/{name}']!['patch']!['x-codeSamples'];
    expect(source).toEqual([
      expect.objectContaining({
        source: `curl -X PATCH 'http://localhost:3001/api/nodes/my-machine' -H 'Content-Type: application/json' -d '{"weight":1}'`,
      }),
    ]);
  });
});

describe('the pages', () => {
  it('serve one document as JSON, as YAML and, with names that are there, to Swagger UI', async () => {
    expect((await get('/openapi.json')).json()).toEqual(JSON.parse(JSON.stringify(document)));
    const yaml = await get('/openapi.yaml');
    expect(yaml.headers['content-type']).toBe('application/yaml; charset=utf-8');
    expect(yaml.body).toMatch(/^openapi: 3\.1\.0\n/);
    expect((await get('/swagger-ui.html/json')).json()).toHaveProperty('openapi', '3.1.0');
  });

  it('lead to Swagger UI, which loads nothing from elsewhere', async () => {
    expect((await get('/docs')).headers['location']).toBe('/swagger-ui.html');
    const page = await get('/swagger-ui.html');
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
    expect(page.body).not.toMatch(/(?:src|href)="(?!\/)/);
    const settings = await get('/swagger-ui.html/static/swagger-initializer.js');
    expect(settings.body).toMatch(/"?validatorUrl"?: ?null/);
  });

  it('serve the schema of the configuration', async () => {
    expect((await get('/schema/config.json')).json()).toMatchObject({ $id: '/schema/config.json' });
  });

  it('ask strangers to sign in', async () => {
    const exposed = await guardedApp({ exposed: true });
    const ask = (url: string, headers = {}) => exposed.app.inject({ url, headers: { host: 'localhost', ...headers } });
    expect((await ask('/openapi.json')).statusCode).toBe(401);
    expect((await ask('/swagger-ui.html/json')).statusCode).toBe(401);
    const page = await ask('/swagger-ui.html', { accept: 'text/html' });
    expect([page.statusCode, page.body]).toEqual([401, expect.stringContaining('Sign in')]);
    await exposed.close();
  });
});

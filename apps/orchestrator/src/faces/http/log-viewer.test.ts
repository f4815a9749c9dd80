import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '@tutti/runtime/log';
import { createHttpServer } from './http-server.ts';
import { oneLine, summaryOf, visible, type Line } from '../../pages/logviewer/format.js';
import { isLive, queryOf, searchOf, viewFrom } from '../../pages/logviewer/view.js';
import { logViewerFace } from './log-viewer.ts';

let app: FastifyInstance;

beforeEach(async () => {
  app = createHttpServer({ log: createLog({ service: 'test', level: 'error' }) });
  await logViewerFace(app);
});

afterEach(() => app.close());

const get = (url: string, headers = {}) => app.inject({ url, headers: { host: 'localhost', ...headers } });

test('the page and all it names are served, nothing else of its folder', async () => {
  const page = await get('/logviewer');
  expect(page.statusCode).toBe(200);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  const named = [...page.body.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, file]) => `/${file}`);
  expect(named.length).toBeGreaterThanOrEqual(3);
  const modules = ['/logviewer/main.js'];
  for (const file of modules) {
    const { body } = await get(file);
    for (const [, name] of body.matchAll(/from '\.\/([^']+)'/g)) {
      if (!modules.includes(`/logviewer/${name}`)) modules.push(`/logviewer/${name}`);
    }
  }
  expect(modules.length).toBeGreaterThan(5);
  for (const file of [...named, ...modules]) expect((await get(file)).statusCode, file).toBe(200);
  expect((await get('/logviewer/tsconfig.json')).statusCode).toBe(404);
  expect((await get('/logviewer/%2e%2e/tsconfig.json')).statusCode).toBe(404);
});

test('nothing from elsewhere may run, and nothing inline is needed', async () => {
  const page = await get('/logviewer');
  expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  expect(page.body).not.toMatch(/https?:|<style|style=|<script>|\son\w+=/);
});

test('what the browser has is not sent again', async () => {
  const { etag } = (await get('/logviewer/main.js')).headers;
  expect((await get('/logviewer/main.js', { 'if-none-match': etag })).statusCode).toBe(304);
  expect((await get('/logviewer/main.js', { 'if-none-match': '"other"' })).statusCode).toBe(200);
});

test('text gets into the page as text only', async () => {
  const folder = new URL('../../pages/logviewer/', import.meta.url);
  for (const name of ['main.js', 'row.js', 'detail.js', 'line-list.js']) {
    expect(await readFile(new URL(name, folder), 'utf8')).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write/,
    );
  }
});

test.each([
  '',
  '?level=warn&node=agx0&service=agent&requestId=r1&q=a+b%26c&from=-15m',
  '?from=2026-01-01T00%3A00%3A00Z&to=2026-01-02T00%3A00%3A00Z',
  '?q=x&line=0000000000000007&at=2026-01-01T00%3A00%3A00.000Z',
  '?live=off',
])('the URL %j is the view', (search) => expect(searchOf(viewFrom(search))).toBe(search));

test('a view becomes a query: times absolute, the linked line the last', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  const query = (search: string) => Object.fromEntries(queryOf(viewFrom(search), now));
  expect(query('?level=warn&from=-15m&other=1')).toEqual({ level: 'warn', from: '2026-01-01T11:45:00.000Z' });
  expect(query('?line=7&at=2026-01-01T10:00:00.123Z')).toEqual({ to: '2026-01-01T10:00:00.124Z' });
  expect(query('')).toEqual({});
});

test('what has an end is not live', () => {
  expect(['', '?line=7', '?live=off', '?to=2026-01-01T00:00:00Z', '?at=x'].map(viewFrom).map(isLive)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('what a browser would obey is shown', () => {
  expect(visible('a\u202eb\u001b[31m\u200b\ncd')).toBe(String.raw`a\u202eb\u001b[31m\u200b` + '\ncd');
  expect(oneLine('a\nb')).toBe('a⏎ b');
  expect(summaryOf({ fieldsJson: '{"a":1,"b":{"c":"\\u202e"}}' } as Line)).toBe(String.raw`a=1 b={ "c": "\u202e" }`);
});

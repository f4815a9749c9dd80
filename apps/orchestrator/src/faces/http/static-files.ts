import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Permission } from '@tutti/proto/tutti/v1/options';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from elsewhere, nothing inline, in nobody's frame. */
const headers = {
  'content-security-policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cache-control': 'no-cache',
};

interface Options {
  /** Where the page is, for example "/logviewer"; its other files are below. */
  readonly path: string;
  /** With index.html and the files that it names; what has another ending is left out. Read once. */
  readonly folder: URL;
  readonly permission: Permission;
}

/** Serves a page and its files. */
export async function staticFiles(app: FastifyInstance, { path, folder, permission }: Options): Promise<void> {
  for (const name of await readdir(folder)) {
    const type = types[extname(name)];
    if (!type) continue;
    const body = await readFile(new URL(name, folder));
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
    app.get(name === 'index.html' ? path : `${path}/${name}`, { config: { permission } }, async (request, reply) => {
      reply.headers({ ...headers, etag });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.type(type).send(body);
    });
  }
}

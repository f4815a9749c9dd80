import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { goJson } from './go-json.ts';

/** The files that models are made of. Without a folder only their digests are kept. */
export interface BlobStore {
  /** Whether the blob is there. `digest` begins with "sha256:". */
  has(digest: string): boolean;
  /** Keeps the body, and gives its digest. */
  put(body: AsyncIterable<Buffer>): Promise<string>;
  /** Says that a blob is there, without bytes. */
  add(digest: string): void;
}

export function createBlobStore(modelsFolder: string | undefined): BlobStore {
  const digests = new Set<string>();
  const folder = modelsFolder === undefined ? undefined : join(modelsFolder, 'blobs');
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const fileOf = (digest: string): string => join(folder!, digest.replace(':', '-'));
  let parts = 0;
  return {
    has: (digest) => digests.has(digest) || (folder !== undefined && existsSync(fileOf(digest))),
    async put(body) {
      const hash = createHash('sha256');
      const part = folder === undefined ? undefined : join(folder, `part-${++parts}`);
      if (part === undefined) for await (const piece of body) hash.update(piece);
      else await pipeline(body, (pieces) => hashed(pieces, hash), createWriteStream(part));
      const digest = `sha256:${hash.digest('hex')}`;
      if (part === undefined) digests.add(digest);
      else await rename(part, fileOf(digest)).catch(() => rm(part));
      return digest;
    },
    add: (digest) => void digests.add(digest),
  };
}

async function* hashed(pieces: AsyncIterable<Buffer>, hash: ReturnType<typeof createHash>): AsyncIterable<Buffer> {
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}

export const blobPath = /^\/api\/blobs\/([^/]*)$/;

/** Answers about a blob. The body is not read into memory: it may be larger. */
export async function answerBlob(
  store: BlobStore,
  digest: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refuse = (status: number, error: string): void => {
    response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
    response.end(request.method === 'HEAD' ? undefined : goJson({ error }));
  };
  const finish = (status: number): void => void response.writeHead(status, { 'Content-Length': 0 }).end();
  if (!/^sha256[:-][\da-fA-F]{64}$/.test(digest)) return refuse(400, 'invalid digest format');
  const name = digest.replace('-', ':');
  if (request.method === 'HEAD') {
    return store.has(name) ? finish(200) : refuse(404, `blob ${JSON.stringify(digest)} not found`);
  }
  if (request.method !== 'POST') return refuse(405, '405 method not allowed');
  if (store.has(name)) return finish(200);
  const got = await store.put(request);
  if (got !== name)
    return refuse(400, `digest mismatch, expected ${JSON.stringify(digest)}, got ${JSON.stringify(got)}`);
  finish(201);
}

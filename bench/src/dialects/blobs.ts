import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { Client } from 'undici';
import { eachProcess, rssBytes } from '../process-cost.ts';
import type { Target } from '../targets.ts';
import { blobSizes } from './workload.ts';

export interface BlobGrowth {
  readonly bytes: number;
  readonly elapsedMs: number;
  /** By how much a process grew at most while the blob went through, by process. */
  readonly growthBytes: Readonly<Record<string, number>>;
}

const pieceBytes = 256 * 1_024;
const lookEveryMs = 50;

/** Puts blobs of several sizes through, and looks at the memory meanwhile. A first one only warms up. */
export async function measureBlobs(target: Target): Promise<BlobGrowth[]> {
  await putBlob(target, blobSizes[0]!);
  const results = [];
  for (const bytes of blobSizes) results.push(await putBlob(target, bytes));
  return results;
}

async function putBlob(target: Target, bytes: number): Promise<BlobGrowth> {
  const piece = randomBytes(pieceBytes);
  const count = bytes / pieceBytes;
  const digest = digestOf(piece, count);
  const before = await eachProcess(target.pids, rssBytes);
  const most = { ...before };
  let done = false;
  const watching = (async () => {
    while (!done) {
      const now = await eachProcess(target.pids, rssBytes);
      for (const [name, value] of Object.entries(now)) most[name] = Math.max(most[name] ?? 0, value);
      await sleep(lookEveryMs);
    }
  })();
  const startedAt = performance.now();
  const client = new Client(target.url, { headersTimeout: 0, bodyTimeout: 0 });
  const { statusCode, body } = await client.request({
    method: 'POST',
    path: `/api/blobs/sha256:${digest}`,
    headers: { 'content-length': String(bytes) },
    body: Readable.from(repeated(piece, count)),
  });
  const text = await body.text();
  const elapsedMs = performance.now() - startedAt;
  done = true;
  await watching;
  await client.close();
  if (statusCode !== 201) throw new Error(`the blob was not taken (${statusCode}): ${text}`);
  const growth = Object.entries(most).map(([name, value]) => [name, value - before[name]!] as const);
  return { bytes, elapsedMs, growthBytes: Object.fromEntries(growth) };
}

function* repeated(piece: Buffer, count: number): Iterable<Buffer> {
  for (let index = 0; index < count; index++) yield piece;
}

function digestOf(piece: Buffer, count: number): string {
  const hash = createHash('sha256');
  for (const part of repeated(piece, count)) hash.update(part);
  return hash.digest('hex');
}

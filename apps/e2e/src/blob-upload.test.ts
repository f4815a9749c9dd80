import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  usualKeepalive,
  type Agent,
  type Orchestrator,
} from './processes.ts';

let orchestrator: Orchestrator;
let agent: Agent;
let fake: FakeOllama;

beforeAll(async () => {
  fake = await startFakeOllama();
  orchestrator = await startOrchestrator(usualKeepalive);
  agent = await startAgent({ name: 'one', orchestrators: [orchestrator], ollamaUrl: fake.url, args: usualKeepalive });
  await nodesReady(orchestrator, 1);
});

afterAll(async () => {
  await stopAll();
  await fake.close();
});

const megabyte = 2 ** 20;

function* pieces(megabytes: number): Iterable<Buffer> {
  const piece = Buffer.alloc(megabyte);
  for (let index = 0; index < megabytes; index += 1) {
    piece.writeUInt32LE(index);
    yield Buffer.from(piece);
  }
}

function digestOf(megabytes: number): string {
  const hash = createHash('sha256');
  for (const piece of pieces(megabytes)) hash.update(piece);
  return `sha256:${hash.digest('hex')}`;
}

async function upload(megabytes: number, digest: string): Promise<number> {
  const sent = request(`${orchestrator.url}/api/blobs/${digest}`, { method: 'POST' });
  const answered = new Promise<number>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
  });
  await pipeline(Readable.from(pieces(megabytes)), sent);
  return answered;
}

/** The most memory that a process has had, in megabytes. */
async function peakOf({ pid }: { readonly pid: number }): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)![1]) / 1024;
}

const linux = process.platform === 'linux';
if (!linux) process.stderr.write('memory of an upload: skipped, there is no /proc\n');

it.skipIf(!linux)('takes no more memory for a file of 384 MB than for one of 64', { timeout: 120_000 }, async () => {
  expect(await upload(64, digestOf(64))).toBe(201);
  const before = await Promise.all([orchestrator, agent].map(peakOf));
  expect(await upload(384, digestOf(384))).toBe(201);
  const after = await Promise.all([orchestrator, agent].map(peakOf));
  for (const [index, peak] of after.entries()) expect(peak - before[index]!).toBeLessThan(64);
});

it('stops at Ollama when the client leaves, and keeps nothing', async () => {
  const digest = digestOf(2);
  const sent = request(`${orchestrator.url}/api/blobs/${digest}`, { method: 'POST' });
  sent.on('error', () => {});
  sent.write(Buffer.alloc(megabyte));
  await expect
    .poll(() => fake.requests.filter(({ method, path }) => method === 'POST' && path.endsWith(digest)))
    .toHaveLength(1);
  sent.destroy();
  await expect.poll(async () => (await fetch(`${fake.url}/api/blobs/${digest}`, { method: 'HEAD' })).status).toBe(404);
  expect(await upload(2, digest)).toBe(201);
});

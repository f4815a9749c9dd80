import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Backend } from '../backend.ts';
import { echoBackend } from '../echo.ts';
import { modelService } from '../node/service.ts';
import { openOllama } from './ollama.ts';

let folder: string;
let fake: FakeOllama;
let backend: Backend;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-blobs-'));
  fake = await startFakeOllama({ modelsFolder: folder });
  backend = await openOllama({ llamaBaseUrl: fake.url, ollamaModels: folder });
});

afterEach(async () => {
  await backend.close();
  await fake.close();
  await rm(folder, { recursive: true });
});

/** As an orchestrator asks an agent. */
function clientOf({ verb, blobs }: Pick<Backend, 'verb' | 'blobs'>) {
  const channel = createMemoryChannel();
  channel.addService(ModelService, modelService({ verb, blobs, changed: () => {} }));
  return createClient(channel, ModelService, { deadlineMs: 5_000 });
}

const content = randomBytes(700_000);
const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;

async function* requests(bytes: Buffer, name = digest) {
  yield { digest: name };
  for (let at = 0; at < bytes.length; at += 100_000) yield { data: bytes.subarray(at, at + 100_000) };
}

async function read(name: string, from = backend): Promise<Buffer> {
  const pieces = await Array.fromAsync(clientOf(from).getBlob({ digest: name }));
  return Buffer.concat(pieces.map(({ data }) => data));
}

describe("the blobs of a node's Ollama", () => {
  it('are put, found, read, and not taken twice', async () => {
    const client = clientOf(backend);
    expect(await client.hasBlob({ digest })).toMatchObject({ exists: false });
    expect(await client.putBlob(requests(content))).toMatchObject({ existed: false });
    expect(await client.hasBlob({ digest })).toMatchObject({ exists: true });
    expect(await client.putBlob(requests(content))).toMatchObject({ existed: true });
    expect((await read(digest)).equals(content)).toBe(true);
  });

  it("are refused in Ollama's words if they are not what they are called", async () => {
    await expect(clientOf(backend).putBlob(requests(content.subarray(1)))).rejects.toMatchObject({
      reason: 'invalid_request',
      message: expect.stringMatching(/^digest mismatch, expected "sha256:/),
    });
  });

  it('are not sent on if the disk has changed them', async () => {
    await clientOf(backend).putBlob(requests(content));
    await writeFile(join(folder, 'blobs', digest.replace(':', '-')), 'something else');
    await expect(read(digest)).rejects.toMatchObject({ reason: 'bad_upstream' });
  });

  it('cannot be read where the folder is not known, or does not have them', async () => {
    await expect(read(digest)).rejects.toMatchObject({ reason: 'not_implemented' });
    const elsewhere = await openOllama({ llamaBaseUrl: 'http://192.0.2.1:11434' });
    await expect(read(digest, elsewhere)).rejects.toMatchObject({ reason: 'not_implemented' });
    await elsewhere.close();
  });

  it('are read from a shared folder, wherever Ollama runs', async () => {
    await clientOf(backend).putBlob(requests(content));
    const elsewhere = await openOllama({ llamaBaseUrl: 'http://192.0.2.1:11434', ollamaModels: folder });
    expect((await read(digest, elsewhere)).equals(content)).toBe(true);
    await elsewhere.close();
  });

  it.each(['', 'sha256:ab', 'sha256-../../../etc/passwd', `sha256:${'AB'.repeat(32)}`])(
    'are not looked for under %j',
    async (name) => {
      const client = clientOf(backend);
      const refused = { reason: 'invalid_request', message: 'invalid digest format' };
      await expect(client.hasBlob({ digest: name })).rejects.toMatchObject(refused);
      await expect(client.putBlob(requests(content, name))).rejects.toMatchObject(refused);
      await expect(read(name)).rejects.toMatchObject(refused);
    },
  );
});

it('a backend without blobs says so', async () => {
  await expect(clientOf(echoBackend()).hasBlob({ digest })).rejects.toMatchObject({ reason: 'not_implemented' });
});

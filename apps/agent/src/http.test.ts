import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRegistry } from '@tutti/runtime/metrics';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttp } from './http.ts';

async function serve(exposed: boolean, metricsKeyFile?: string): Promise<string> {
  const server = createServer(createHttp({ metrics: createRegistry(), exposed, metricsKeyFile }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function keyFile(key: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-metrics-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'key');
  await writeFile(file, `${key}\n`);
  return file;
}

const statusOf = async (url: string, headers: Record<string, string> = {}): Promise<number> =>
  (await fetch(url, { headers })).status;

describe("an agent's port over HTTP", () => {
  it('tells anyone that it lives, and its own machine its metrics', async () => {
    const url = await serve(false);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('process_cpu');
  });

  it('tells other machines no metrics where no key was agreed on', async () => {
    const url = await serve(true);
    expect(await statusOf(`${url}/health`)).toBe(200);
    expect(await statusOf(`${url}/metrics`, { authorization: 'Bearer ' })).toBe(401);
  });

  it('tells them to whoever shows the key, as the file has it now', async () => {
    const file = await keyFile('first');
    const url = await serve(true, file);
    expect(await statusOf(`${url}/metrics`)).toBe(401);
    expect(await statusOf(`${url}/metrics`, { authorization: 'Bearer first' })).toBe(200);
    await writeFile(file, 'second');
    expect(await statusOf(`${url}/metrics`, { authorization: 'Bearer first' })).toBe(401);
    expect(await statusOf(`${url}/metrics`, { authorization: 'Bearer second' })).toBe(200);
  });
});

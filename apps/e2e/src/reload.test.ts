import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { systemClock as clock } from '@tutti/runtime';
import { openAuthority, type Authority } from '@tutti/runtime/pki';
import { startFakeOllama } from '@tutti/testing';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { eventually, startOrchestrator, stopAll, temporaryFolder, type Orchestrator } from './processes.ts';

afterEach(stopAll);

interface Setting {
  readonly path: string;
  readonly value: unknown;
  readonly origin: string;
}

async function settingOf({ url }: Orchestrator, path: string): Promise<Setting | undefined> {
  const { settings } = (await (await fetch(`${url}/admin/config`)).json()) as { settings: Setting[] };
  return settings.find((setting) => setting.path === path);
}

describe('a configuration file that changes', () => {
  /** An orchestrator with a file that names one bare Ollama, and a stream that runs on it. */
  async function startRig() {
    const ollama = await startFakeOllama({ models: ['m'], tokens: 40, tokenDelayMs: 50 });
    onTestFinished(() => ollama.close());
    const file = join(await temporaryFolder(), 'tutti.yaml');
    const write = (queueSize: number | string, more = ''): Promise<void> =>
      writeFile(
        file,
        `server: { queueSize: ${queueSize} }\nnodes:\n  - { name: bare, kind: ollama, host: 127.0.0.1, port: ${ollama.port} }\n${more}`,
      );
    await write(7);
    const orchestrator = await startOrchestrator(['--config', file]);
    await eventually(async () => (await fetch(`${orchestrator.url}/readyz`)).ok, 'a node that is ready');
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
    const stream = fetch(`${orchestrator.url}/api/chat`, { method: 'POST', body });
    await ollama.whenRequest('/api/chat');
    return { ollama, orchestrator, write, text: async () => (await stream).text() };
  }

  it('is read anew at SIGHUP, and no stream ends for it', async () => {
    const { orchestrator, write, text } = await startRig();
    expect(await settingOf(orchestrator, 'server.queueSize')).toMatchObject({ value: 7 });
    await write(9, '  - { name: later, tier: 2 }\n');
    orchestrator.kill('SIGHUP');
    await eventually(async () => (await settingOf(orchestrator, 'server.queueSize'))?.value === 9, 'the new value');
    const later = (await (await fetch(`${orchestrator.url}/api/nodes/later`)).json()) as object;
    expect(later).toMatchObject({ status: 'ABSENT', attributes: { tier: 2 } });
    expect(await text()).toContain('"done":true');
  });

  it('changes nothing while it is wrong, and says where', async () => {
    const { orchestrator, write, text } = await startRig();
    await write('many');
    const answer = await fetch(`${orchestrator.url}/admin/config/reload`, { method: 'POST' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ detail: expect.stringContaining('tutti.yaml:1:22') as string });
    orchestrator.kill('SIGHUP');
    await eventually(() => orchestrator.log().includes('configuration not read'), 'a line in the log');
    expect(await settingOf(orchestrator, 'server.queueSize')).toMatchObject({ value: 7 });
    expect(await text()).toContain('"done":true');
  });
});

describe('a certificate for clients', () => {
  /** Serial of the certificate that the port shows. */
  async function shownSerial(port: number, ca: string): Promise<string> {
    const request = httpsRequest({ host: '127.0.0.1', port, path: '/livez', ca, agent: false }).end();
    const [response] = (await once(request, 'response')) as [{ socket: TLSSocket; resume(): void }];
    response.resume();
    return response.socket.getPeerX509Certificate()!.serialNumber.toLowerCase();
  }

  async function writeCertificate(authority: Authority, folder: string): Promise<string> {
    const { certificatePem, keyPem, serial } = await authority.issueServer(['127.0.0.1']);
    await writeFile(join(folder, 'cert.pem'), certificatePem);
    await writeFile(join(folder, 'key.pem'), keyPem);
    return serial;
  }

  it('is read anew at SIGHUP', async () => {
    const folder = await temporaryFolder();
    const authority = await openAuthority(join(folder, 'pki'), { clock });
    const first = await writeCertificate(authority, folder);
    const tls = JSON.stringify({ cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') });
    const { facts, kill } = await startOrchestrator(['--tls', tls]);
    expect(await shownSerial(facts.port, authority.caPem)).toBe(first);
    const second = await writeCertificate(authority, folder);
    kill('SIGHUP');
    await eventually(async () => (await shownSerial(facts.port, authority.caPem)) === second, 'the new certificate');
  });

  it("is the cluster's own where tls is auto", async () => {
    const folder = await temporaryFolder();
    const { facts } = await startOrchestrator(['--host', '0.0.0.0', '--tls', 'auto', '--data-folder', folder]);
    const { caPem } = await openAuthority(join(folder, 'pki'), { clock });
    expect(await shownSerial(facts.port, caPem)).toMatch(/^[0-9a-f]+$/);
  });
});

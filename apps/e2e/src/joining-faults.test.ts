import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateOf, refusal, secureClient } from './agents-port.fixture.ts';
import { restarted, startExposedCluster, type ExposedCluster, type NodeRow } from './exposed-cluster.ts';
import {
  eventually,
  startAgent,
  startProgram,
  startOrchestrator,
  stopAll,
  temporaryFolder,
  type Agent,
} from './processes.ts';

const run = promisify(execFile);

let cluster: ExposedCluster;

beforeAll(async () => {
  cluster = await startExposedCluster();
});

afterAll(stopAll);

async function end(agent: Agent): Promise<void> {
  agent.kill('SIGKILL');
  await agent.exited;
}

/** Waits until a program has logged this. */
async function logs({ log }: { log: () => string }, text: RegExp): Promise<void> {
  await eventually(() => text.test(log()), `a program logs ${text}`);
}

describe('an agent does not start, and says what to do,', () => {
  const join = (token: string): Promise<string> =>
    cluster.join({ name: 'nobody', token }).then(
      () => 'joined',
      (error: Error) => error.message,
    );

  it('with a token of another cluster', async () => {
    const other = await startExposedCluster();
    const { secret } = await other.invite();
    other.orchestrator.kill('SIGKILL');
    expect(await join(secret)).toMatch(/not the cluster that the token is for.*Check the host name/);
  });

  it('with a token that has expired', async () => {
    const { secret } = await cluster.invite({ ttlMs: 1 });
    expect(await join(secret)).toMatch(/unknown, used up or expired\. Make a new one .* "tutti token create"/);
  });

  it('with a token that was used', async () => {
    const { secret } = await cluster.invite({ uses: 1 });
    const agent = await cluster.join({ name: 'first', token: secret });
    expect(await join(secret)).toMatch(/unknown, used up or expired/);
    await end(agent);
    await cluster.json('/api/nodes/first', { method: 'DELETE' });
  });

  it('with a key for clients', async () => {
    expect(await join(cluster.adminKey)).toMatch(/a key for clients, for one, is no join token/);
  });

  it('with half a token', async () => {
    const { secret } = await cluster.invite();
    expect(await join(secret.slice(0, 60))).toMatch(/cut off: 60 of 96 characters are there/);
  });

  it('without one', async () => {
    expect(await join('')).toMatch(/has no certificate yet: make a token with "tutti token create"/);
  });

  it('and repeats no token and no key in its words', async () => {
    const secrets = [cluster.adminKey, (await cluster.invite({ ttlMs: 1 })).secret];
    for (const secret of secrets) expect(await join(secret)).not.toContain(secret);
  });
});

describe('whoever asks to join by hand', () => {
  /** Asks as a machine does that has a token and is no agent of ours. */
  async function ask(token: string, csrPem: string): Promise<{ certificatePem: string; nodeId: string }> {
    const [, root] = (await readFile(join(cluster.folder, 'pki', 'authority.pem'), 'utf8')).match(
      /[^]*?(-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----)/,
    )!;
    const client = secureClient(RegistryService, cluster.orchestrator.facts.grpcPort, { ca: root! });
    return client.join({ token, csrPem, name: 'handmade' });
  }

  async function request(subject: string, alsoNamed: string): Promise<string> {
    const folder = await temporaryFolder();
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', join(folder, 'key')];
    const { stdout } = await run('openssl', [
      'req',
      ...key,
      '-subj',
      subject,
      '-addext',
      `subjectAltName=${alsoNamed}`,
    ]);
    return stdout;
  }

  it('gets a certificate for the own key and no other name, once', async () => {
    const csr = await request('/CN=orchestrator', 'URI:spiffe://tutti/orchestrator/o1');
    const { secret } = await cluster.invite({ uses: 1 });
    expect(await refusal(ask(secret, 'garbage'))).toMatch(/^InvalidArgument/);
    const broken = csr.replace(/^(.{300})./s, (_, start: string) => `${start}-`);
    expect(await refusal(ask(secret, broken))).toMatch(/^InvalidArgument/);

    const { certificatePem, nodeId } = await ask(secret, csr);
    const { subjectAltName, subject } = new X509Certificate(certificatePem);
    expect(subjectAltName).toBe(`URI:spiffe://tutti/node/${nodeId}`);
    expect(subject).not.toContain('orchestrator');
    expect(await refusal(ask(secret, csr))).toMatch(/^Unauthenticated/);
  });

  it('is let in as often as the token says, however many come at once', async () => {
    const { secret } = await cluster.invite({ uses: 3 });
    const csrs = await Promise.all(Array.from({ length: 20 }, () => request('/CN=x', 'DNS:x')));
    const answers = await Promise.all(csrs.map((csr) => refusal(ask(secret, csr))));
    expect(answers.filter((answer) => answer === 'no failure')).toHaveLength(3);
    expect(answers.filter((answer) => answer.startsWith('Unauthenticated'))).toHaveLength(17);
  });
});

describe('an agent that is a member', () => {
  it('restarts without a token, without saying where to', async () => {
    const folder = await temporaryFolder();
    await end(await cluster.join({ name: 'member', folder }));
    const args = ['--data-folder', folder, '--host', '127.0.0.1', '--port', '0', '--backend', 'echo'];
    const again = await startProgram<Agent['facts']>('agent', args);
    await cluster.ready('member');
    await end(again);
  });

  it('that was copied: the newer one serves, the older one says why it does not', async () => {
    const [folder, copy] = [await temporaryFolder(), await temporaryFolder()];
    const first = await cluster.join({ name: 'twin', folder });
    await cluster.ready('twin');
    await cp(folder, copy, { recursive: true });
    const second = await cluster.join({ name: 'twin', folder: copy, token: '' });
    await logs(first, /another agent with the same node id has taken over; give this one a data folder of its own/);
    await cluster.logged(/two agents have one identity.*"node":"twin"/);
    await cluster.ready('twin');
    expect((await cluster.chat()).status).toBe(200);
    expect(cluster.orchestrator.log().match(/"node registered","node":"twin"/g)).toHaveLength(2);
    await Promise.all([end(first), end(second)]);
  });

  it('and lost its identity comes back by a token as another one; the lost one is void once it is removed', async () => {
    const folder = await temporaryFolder();
    await end(await cluster.join({ name: 'forgetful', folder }));
    const { id } = await cluster.json<NodeRow>('/api/nodes/forgetful');
    const lost = await certificateOf(folder);
    await rm(folder, { recursive: true });
    const agent = await cluster.join({ name: 'forgetful' });
    await eventually(
      async () =>
        (await cluster.nodes()).some(({ name, status }) => name.startsWith('forgetful-') && status === 'READY'),
      'it is there by another name',
    );
    await cluster.json('/api/nodes/forgetful', { method: 'DELETE' });
    const registry = secureClient(RegistryService, cluster.orchestrator.facts.grpcPort, lost);
    expect(await refusal(registry.heartbeat({ nodeId: id }))).toMatch(/^Unauthenticated: .*was removed/);
    await end(agent);
  });
});

it('an agent that speaks plaintext to a port with TLS is told so', async () => {
  const agent = await startAgent({ name: 'plain', orchestrators: [cluster.orchestrator], backend: 'echo' });
  await logs(agent, /cannot be reached.*serves other machines as well, join it with --join/);
  await end(agent);
});

it('an orchestrator that restarts finds its agents again; one that lost its data folder does not, and they say why', async () => {
  const agent = await cluster.join({ name: 'faithful' });
  await cluster.ready('faithful');
  cluster = await restarted(cluster);
  await cluster.ready('faithful');
  await rm(cluster.folder, { recursive: true });
  cluster = await restarted(cluster);
  await logs(agent, /certificate of another cluster.*join that cluster/);
  expect(await cluster.nodes()).toEqual([]);
});

it('an orchestrator for its own machine only lets nobody join', async () => {
  const orchestrator = await startOrchestrator();
  const agent = await startAgent({ name: 'here', orchestrators: [orchestrator], backend: 'echo' });
  await logs(agent, /"registered"/);
  const response = await fetch(`${orchestrator.url}/api/tokens`, { method: 'POST', body: '{}' });
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(await response.text()).toMatch(/Start it with --host 0\.0\.0\.0/);
});

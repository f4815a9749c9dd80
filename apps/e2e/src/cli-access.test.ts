import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTutti, stopCommands, type Tutti } from './cli.fixture.ts';
import { startExposedCluster, type ExposedCluster } from './exposed-cluster.ts';
import { eventually, stopAll, temporaryFolder } from './processes.ts';

let cluster: ExposedCluster;
/** On the machine of the orchestrator. */
let admin: Tutti;
/** On another machine. */
let guest: Tutti;

beforeAll(async () => {
  cluster = await startExposedCluster(['--tls', 'auto']);
  const { port, grpcPort } = cluster.orchestrator.facts;
  const url = `https://127.0.0.1:${port}`;
  const settings = { TUTTI_SERVER_PORT: `${port}`, TUTTI_SERVER_TLS: 'auto', TUTTI_SERVER_GRPC_PORT: `${grpcPort}` };
  admin = await createTutti({ ...settings, TUTTI_DATA_FOLDER: cluster.folder });
  guest = await createTutti({ TUTTI_URL: url, TUTTI_CA: join(cluster.folder, 'pki', 'authority.pem') });
});

afterAll(async () => {
  await stopCommands();
  await stopAll();
});

it('on its own machine the admin key and the authority are found', async () => {
  expect((await admin.run('keys', 'admin')).out).toBe(`${join(cluster.folder, 'admin-key')}\n`);
  expect((await admin.run('keys', 'admin', '--show')).out).toBe(`${cluster.adminKey}\n`);
  expect((await admin.json<{ exposed: boolean }>('status')).exposed).toBe(true);
});

it('elsewhere a key is needed, and the authority', async () => {
  expect(await guest.run('status')).toMatchObject({
    code: 4,
    out: '',
    talk: expect.stringMatching(/key is needed/) as string,
  });
  const stranger = await createTutti({ TUTTI_URL: guest.env.TUTTI_URL });
  expect(await stranger.run('status')).toMatchObject({ code: 3, talk: expect.stringMatching(/--ca-file/) as string });
});

it('the admin key of this machine is sent to this machine only', async ({ skip }) => {
  const address = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!address) return skip('this machine has no network address besides loopback');
  const shown: (string | undefined)[] = [];
  const server = createServer(({ headers }, response) => {
    shown.push(headers.authorization);
    response.end('{"models":[]}');
  }).listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await admin.run('ls', '--url', `http://${address.address}:${port}`);
  await admin.run('ls', '--url', `http://localhost:${port}`);
  server.close();
  expect(shown).toEqual([undefined, `Bearer ${cluster.adminKey}`]);
});

it('keys are made, used, listed and revoked', async () => {
  const { code, out, talk } = await admin.run(
    'keys',
    'create',
    'watcher',
    '--role',
    'viewer',
    '--ttl',
    '1h',
    '--quiet',
  );
  expect([code, talk]).toEqual([0, '']);
  expect(out).toMatch(/^tutti_[\da-f]{8}_[\w-]{43}\n$/);
  const holder = await createTutti({ ...guest.env, TUTTI_KEY: out.trim() });
  expect((await holder.run('status')).code).toBe(0);
  expect((await holder.run('keys', 'ls')).code).toBe(4);
  const [, id] = out.split('_');
  expect((await admin.run('keys', 'ls')).out).toMatch(
    new RegExp(`${id} +watcher +viewer +all +no +\\d+ seconds? ago +in 1 hour`),
  );
  expect((await admin.run('keys', 'revoke', id!)).talk).toMatch(/let in no more/);
  expect((await holder.run('status')).code).toBe(4);
  expect((await admin.run('keys', 'revoke', id!)).code).toBe(5);
});

it('the line that token create prints makes a machine a node; doctor and nodes see it', async () => {
  const { out, talk } = await admin.run('token', 'create', '--ttl', '5m', '--uses', '2');
  expect(talk).toMatch(/Paste this line on each of 2 machines\. It ends in 5 minutes/);
  const [tutti, ...args] = out.trim().split(' ');
  expect(tutti).toBe('tutti');
  const flags = args.map((arg, i) =>
    args[i - 1] === '--join' ? `127.0.0.1:${cluster.orchestrator.facts.grpcPort}` : arg,
  );
  const second = await createTutti({ TUTTI_DATA_FOLDER: await temporaryFolder() });
  const run = second.start(
    ...flags,
    '--name',
    'second',
    '--backend',
    'echo',
    '--port',
    '0',
    '--host',
    '127.0.0.1',
    '--json',
  );
  await eventually(() => run.out() || undefined, 'the agent is ready');
  expect(JSON.parse(run.out())).toMatchObject({ name: 'second', backend: 'echo' });
  expect(run.talk()).toMatch(/Joining the cluster at .*\n[^]*ok {2}.*certificate[^]*serves as node second/);
  const isReady = async () => /second +ready/.test((await admin.run('nodes')).out) || undefined;
  await eventually(isReady, 'the node is ready');
  expect(
    (await admin.json<{ tokens: { usesLeft: number }[] }>('token', 'ls')).tokens.map((token) => token.usesLeft),
  ).toContain(1);
  expect((await admin.run('run', 'echo', 'hello')).out).toMatch(/hello/);

  expect((await admin.run('node', 'rm', 'second')).talk).toMatch(/cut off/);
  expect((await admin.run('nodes')).out).not.toMatch(/second +ready/);
  run.child.kill('SIGTERM');
  expect(await run.exited).toBe(0);
});

it('an agent without a token is told what it lacks', async () => {
  const { code, talk } = await guest.run(
    'agent',
    '--join',
    `127.0.0.1:${cluster.orchestrator.facts.grpcPort}`,
    '--port',
    '0',
  );
  expect(code).toBe(1);
  expect(talk).toMatch(/tutti token create/);
});

it('a token that is revoked is gone', async () => {
  const { token } = await admin.json<{ token: { id: string } }>('token', 'create');
  expect((await admin.run('token', 'revoke', token.id)).code).toBe(0);
  expect((await admin.run('token', 'revoke', token.id)).code).toBe(5);
});

it('doctor finds a secret that others can read', async () => {
  const file = join(cluster.folder, 'admin-key');
  await chmod(file, 0o644);
  const { code, out } = await admin.run('doctor');
  await chmod(file, 0o600);
  expect(code).toBe(1);
  expect(out).toMatch(/secret files +broken +others can read .*admin-key\n/);
  expect(out).toContain(`chmod 600 "${file}"`);
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onAbort } from '@tutti/core';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { addService, createClient, createServer, listen, type Credentials } from '@tutti/rpc';
import { systemClock } from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { openNodeIdentity } from '@tutti/runtime/pki';
import { virtualClock } from '@tutti/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { openTrust, type Trust } from './trust.ts';

const dayMs = 24 * 60 * 60_000;
const keepalive = { keepaliveMs: 10_000, keepaliveTimeoutMs: 5_000 };
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Certificates are for 90 days. Time begins 61 days ago: TLS itself goes by the machine's clock. */
async function startRig() {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-trust-'));
  closers.push(() => rm(folder, { recursive: true }));
  const time = virtualClock();
  const startedAt = Date.now() - 61 * dayMs;
  const clock = { ...time, wallTime: () => startedAt + time.now() };
  const log = createLog({ service: 'test', level: 'error' });
  const trust = await openTrust({ folder: join(folder, 'pki'), orchestratorId: 'o1', keepalive, clock, log });
  closers.push(() => trust.close());
  return { time, trust, folder };
}

/** A node of the cluster, which tells under which certificate it is asked. */
async function startNode({ authority }: Trust, folder: string) {
  const machine = await openNodeIdentity(join(folder, 'node'), { clock: systemClock });
  const { certificatePem } = await authority.issueNode(await machine.csr());
  await machine.store({ certificatePem, caPem: authority.caPem });
  const serials: string[] = [];
  const server = createServer(keepalive);
  const watch = async function* (
    _: unknown,
    { identity, signal }: { identity?: { serial: string } | undefined; signal: AbortSignal },
  ) {
    serials.push(identity!.serial);
    yield { state: { bootId: 'b' } };
    await new Promise<void>((resolve) => void onAbort(signal, resolve));
  };
  addService(server, AgentService, { watch, async *invoke() {} }, { identity: 'orchestrator' });
  const tls = { credentials: machine.credentials(), clock: systemClock };
  const { port, destroy } = await listen({ server, http: () => {}, host: '127.0.0.1', port: 0, tls });
  closers.push(destroy);
  return { address: `127.0.0.1:${port}`, nodeId: machine.nodeId, serials };
}

it('an orchestrator reaches a node as itself, and nobody else at its address', async () => {
  const { trust, folder } = await startRig();
  const { address, nodeId, serials } = await startNode(trust, folder);
  for (const [expected, result] of [
    [nodeId, 'b'],
    ['0123456789abcdef0123456789abcdef', 'node_unreachable'],
  ] as const) {
    const channel = trust.connect(address, expected);
    closers.push(() => channel.close());
    expect(await firstState(channel)).toBe(result);
  }
  expect(serials).toHaveLength(1);
});

it('its certificate is renewed in time: new calls show it, running ones go on', async () => {
  const { time, trust, folder } = await startRig();
  const { address, nodeId, serials } = await startNode(trust, folder);
  const renewed: Credentials[] = [];
  trust.onRenewed((credentials) => void renewed.push(credentials));
  const first = trust.credentials;
  const channel = trust.connect(address, nodeId);
  closers.push(() => channel.close());
  const stop = new AbortController();
  const running = createClient(channel, AgentService, { deadlineMs: Infinity }).watch({}, { signal: stop.signal });
  const stream = running[Symbol.asyncIterator]();
  await stream.next();
  let ended = false;
  const rest = stream.next().catch(() => (ended = true));

  await time.advance(59 * dayMs);
  expect(renewed).toEqual([]);
  await time.advance(dayMs);
  await vi.waitFor(() => expect(renewed).toHaveLength(1));
  expect(trust.credentials).toBe(renewed[0]);
  expect(trust.credentials.certificate).not.toBe(first.certificate);
  expect(await firstState(channel)).toBe('b');
  expect(new Set(serials).size).toBe(2);
  expect(ended).toBe(false);
  stop.abort();
  await rest;

  await vi.waitFor(() => expect(time.pending).toBeGreaterThan(0));
  trust.close();
  await time.advance(100 * dayMs);
  expect(renewed).toHaveLength(1);
});

async function firstState(channel: ReturnType<Trust['connect']>): Promise<string> {
  try {
    const client = createClient(channel, AgentService, { deadlineMs: 5_000 });
    for await (const { state } of client.watch({})) return state!.bootId;
    return 'nothing';
  } catch (error) {
    return (error as { reason: string }).reason;
  }
}

import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import { JoinRequestSchema, RenewRequestSchema } from '@tutti/proto/tutti/agent/v1/registry';
import type { HandlerContext } from '@tutti/rpc';
import { systemClock as clock } from '@tutti/runtime';
import { mintJoinToken, openAuthority, openNodeIdentity, type Authority, type NodeIdentity } from '@tutti/runtime/pki';
import { openStore } from '@tutti/runtime/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeRigs, startRig } from './membership.fixture.ts';
import { createRegistry } from './registry.ts';

let folder: string;
let rig: Awaited<ReturnType<typeof newRig>>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-registry-'));
  rig = await newRig();
});

afterEach(async () => {
  await closeRigs();
  await rig.store.close();
  await rm(folder, { recursive: true });
});

async function newRig() {
  const authority = await openAuthority(join(folder, 'ca'), { clock });
  const store = await openStore({ file: join(folder, 'tutti.db'), logRetentionMs: Infinity, clock });
  const { membership, register, whenReady, log } = startRig();
  const registryOf = (by: Authority | undefined) =>
    createRegistry({
      ...{ membership, authority: by, joinTokens: store.joinTokens, clock, log },
      pushLogs: async () => ({}),
    });
  const registry = registryOf(authority);
  const newToken = async (uses = 1, expiresAt = clock.wallTime() + 60_000, to = authority.fingerprint) => {
    const { id, secretHash, text } = mintJoinToken(to);
    await store.joinTokens.add({ id, secretHash, usesLeft: uses, createdAt: clock.wallTime(), expiresAt });
    return text;
  };
  const call = (identity?: NodeIdentity): HandlerContext => ({
    ...{ signal: new AbortController().signal, metadata: new Map(), peer: '127.0.0.1:1' },
    ...(identity && { identity: { kind: 'node', id: identity.nodeId, serial: '1' } }),
  });
  const ask = async (token: string, name: string, csrPem: string) =>
    registry.join(create(JoinRequestSchema, { token, name, csrPem }), call());
  const joined = async (machine: NodeIdentity, name: string, token?: string) =>
    ask(token ?? (await newToken()), name, await machine.csr());
  const renew = async (machine: NodeIdentity, by = registry, csrOf = machine) =>
    by.renew(create(RenewRequestSchema, { csrPem: await csrOf.csr() }), call(machine));
  const { fingerprint } = authority;
  return { store, fingerprint, membership, register, whenReady, registryOf, newToken, ask, joined, renew };
}

let machines = 0;
const newMachine = (): Promise<NodeIdentity> => openNodeIdentity(join(folder, `machine${machines++}`), { clock });

/** What a call is refused with. */
async function refusal(call: Promise<unknown>): Promise<ClusterError> {
  return call.then(
    () => expect.fail('it was not refused'),
    (error: unknown) => ClusterError.from(error),
  );
}

describe('a machine that joins', () => {
  it('gets a certificate for its key, and is known from then on', async () => {
    const machine = await newMachine();
    const { certificatePem, nodeId } = await rig.joined(machine, 'box');
    expect(nodeId).toBe(machine.nodeId);
    expect(new X509Certificate(certificatePem!).subjectAltName).toBe(`URI:spiffe://tutti/node/${machine.nodeId}`);
    expect(rig.membership.recordOf(machine.nodeId)).toMatchObject({ name: 'box', kind: 'agent' });
    expect(rig.membership.find('box').certificateExpiresAt).toMatch(/^20/);
  });

  it('is told the same whether its token is unknown, used, expired or of another cluster', async () => {
    const machine = await newMachine();
    const used = await rig.newToken();
    await rig.joined(machine, 'box', used);
    const refused = [
      used,
      await rig.newToken(1, clock.wallTime() - 1),
      await rig.newToken(1, Infinity, 'x'.repeat(43)),
      mintJoinToken(rig.fingerprint).text,
      mintJoinToken('x'.repeat(43)).text,
    ];
    const errors = await Promise.all(refused.map((token) => refusal(rig.joined(machine, 'box', token))));
    expect(new Set(errors.map(({ reason, message }) => `${reason}: ${message}`)).size).toBe(1);
    expect(errors[0]).toMatchObject({
      reason: 'unauthenticated',
      message: expect.stringMatching(/tutti token create/),
    });
  });

  it('costs no use of its token by a request or a name that is no good', async () => {
    const machine = await newMachine();
    const token = await rig.newToken();
    const csr = await machine.csr();
    for (const [name, csrPem] of [
      ['box', ''],
      ['box', 'garbage'],
      ['box', csr.replace(/[A-Za-z](?=[^-]*-----END)/, (letter) => (letter === 'A' ? 'B' : 'A'))],
      ['', csr],
      ['two\nlines', csr],
      ['x'.repeat(65), csr],
    ] as const) {
      expect(await refusal(rig.ask(token, name, csrPem))).toMatchObject({ reason: 'invalid_request' });
    }
    await rig.ask(token, 'box', csr);
  });

  it('cannot do so by the same request again', async () => {
    const machine = await newMachine();
    const [token, csr] = [await rig.newToken(), await machine.csr()];
    await rig.ask(token, 'box', csr);
    expect(await refusal(rig.ask(token, 'box', csr))).toMatchObject({ reason: 'unauthenticated' });
  });

  it('is one of as many as the token is for, however many come at once', async () => {
    const token = await rig.newToken(3);
    const racing = await Promise.all(Array.from({ length: 20 }, newMachine));
    const results = await Promise.allSettled(racing.map((machine, index) => rig.joined(machine, `box${index}`, token)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(rig.membership.list()).toHaveLength(3);
  });

  it('cannot where only the own machine is served', async () => {
    const registry = rig.registryOf(undefined);
    const request = create(JoinRequestSchema, { token: await rig.newToken(), name: 'box' });
    const error = await refusal(registry.join(request, {} as HandlerContext));
    expect(error).toMatchObject({ reason: 'failed_precondition', message: expect.stringMatching(/--host 0\.0\.0\.0/) });
    expect(await refusal(rig.renew(await newMachine(), registry))).toMatchObject({ reason: 'failed_precondition' });
  });
});

describe('the name of a machine that joins', () => {
  it('stays with the machine that has it, connected or not', async () => {
    const machine = await newMachine();
    await rig.joined(machine, 'box');
    await rig.joined(machine, 'box');
    await rig.register(machine.nodeId, { name: 'box' });
    await rig.joined(machine, 'box');
    expect(rig.membership.list().map(({ name, id }) => [name, id])).toEqual([['box', machine.nodeId]]);
  });

  it("is nobody else's while that one is away, until it is removed", async () => {
    const [former, next] = [await newMachine(), await newMachine()];
    await rig.joined(former, 'box');
    await rig.joined(next, 'box');
    expect(rig.membership.recordOf(next.nodeId)?.name).toBe(`box-${next.nodeId.slice(0, 4)}`);
    expect(rig.membership.recordOf(former.nodeId)?.name).toBe('box');
    await rig.membership.remove('box');
    const last = await newMachine();
    await rig.joined(last, 'box');
    expect(rig.membership.recordOf(last.nodeId)?.name).toBe('box');
    expect(await refusal(rig.register(former.nodeId, { name: 'box' }))).toMatchObject({ reason: 'forbidden' });
  });

  it('is another one while the machine that has it is connected, or the configuration gives it to something else', async () => {
    const [first, second] = [await newMachine(), await newMachine()];
    await rig.joined(first, 'box');
    await rig.register(first.nodeId, { name: 'box' });
    await rig.joined(second, 'box');
    expect(rig.membership.recordOf(second.nodeId)?.name).toBe(`box-${second.nodeId.slice(0, 4)}`);
    expect(rig.membership.isRemoved(first.nodeId)).toBe(false);
    rig.membership.declare([{ name: 'nas', kind: 'ollama', host: '192.0.2.1', attributes: {} }]);
    const third = await newMachine();
    await rig.joined(third, 'nas');
    expect(rig.membership.recordOf(third.nodeId)?.name).toBe(`nas-${third.nodeId.slice(0, 4)}`);
  });
});

describe('a machine that was removed', () => {
  it('is let in again by a fresh token', async () => {
    const machine = await newMachine();
    await rig.joined(machine, 'box');
    await rig.membership.remove('box');
    expect(rig.membership.isRemoved(machine.nodeId)).toBe(true);
    await rig.joined(machine, 'box');
    expect(rig.membership.isRemoved(machine.nodeId)).toBe(false);
    await rig.register(machine.nodeId, { name: 'box' });
    await rig.whenReady('box');
  });
});

describe('a certificate', () => {
  it('is renewed for the key that it is for, and no other', async () => {
    const [machine, other] = [await newMachine(), await newMachine()];
    await rig.joined(machine, 'box');
    await rig.membership.keep('box', { certificateExpiresAt: 1 });
    const { certificatePem } = await rig.renew(machine);
    expect(new X509Certificate(certificatePem!).subjectAltName).toContain(machine.nodeId);
    expect(rig.membership.recordOf(machine.nodeId)!.certificateExpiresAt).toBeGreaterThan(clock.wallTime());
    expect(await refusal(rig.renew(machine, undefined, other))).toMatchObject({ reason: 'forbidden' });
  });
});

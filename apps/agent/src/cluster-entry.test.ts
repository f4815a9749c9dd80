import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterError } from '@tutti/core';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { addService, createClient, createServer, listen } from '@tutti/rpc';
import { systemClock } from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { mintJoinToken, openAuthority, parseJoinToken } from '@tutti/runtime/pki';
import { virtualClock } from '@tutti/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { enterCluster, type ClusterEntry } from './cluster-entry.ts';

const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const keepalive = { keepaliveMs: 10_000, keepaliveTimeoutMs: 5_000 };

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-entry-'));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An orchestrator's port for agents, whose tokens are good once, and that counts who asks. */
async function startOrchestrator({ tls = true } = {}) {
  const authority = await openAuthority(join(await newFolder(), 'pki'), { clock: systemClock });
  const good = new Set<string>();
  const seen: string[] = [];
  const heartbeats: (string | undefined)[] = [];
  const server = createServer(keepalive);
  addService(
    server,
    RegistryService,
    {
      async join({ token, csrPem }) {
        seen.push(token);
        if (!good.delete(parseJoinToken(token).id)) throw new ClusterError('unauthenticated', 'used up');
        const { certificatePem, nodeId } = await authority.issueNode(csrPem);
        return { certificatePem, caPem: authority.caPem, nodeId };
      },
      async heartbeat(_, { identity }) {
        heartbeats.push(identity?.id);
        return {};
      },
    },
    { identity: ({ localName }) => (localName === 'join' ? 'none' : 'node') },
  );
  const { keyPem: key, certificatePem: certificate } = await authority.issueOrchestrator('o1');
  const credentials = { key, certificate, ca: authority.caPem };
  const { port, destroy } = await listen({
    ...{ server, http: () => {}, host: '127.0.0.1', port: 0 },
    ...(tls && { tls: { credentials, clock: systemClock } }),
  });
  closers.push(destroy);
  const newToken = (): string => {
    const { id, text } = mintJoinToken(authority.fingerprint);
    good.add(id);
    return text;
  };
  return { address: `127.0.0.1:${port}`, seen, heartbeats, newToken };
}

/** A machine with a data folder, on which an agent is started again and again. */
async function newMachine() {
  const dataFolder = await newFolder();
  const lines: { message: string; fields: object }[] = [];
  const log = createLog({ service: 'test', level: 'warn', sinks: [(line) => void lines.push(line)] });
  log.transports[0]!.silent = true;
  const stop = new AbortController();
  closers.push(() => stop.abort());
  const start = (changes: {
    join?: string;
    orchestrators?: string[];
    token?: string | Error;
    clock?: typeof systemClock;
  }) => {
    const { join: target, orchestrators = [], token, clock = systemClock } = changes;
    return enterCluster({
      ...{ dataFolder, name: 'box', orchestrators, join: target, keepalive, clock, log, signal: stop.signal },
      async token() {
        if (token instanceof Error) throw token;
        return token;
      },
      onStep: () => {},
    });
  };
  return { start, lines, stop };
}

async function heartbeat({ connect, orchestrators }: ClusterEntry): Promise<void> {
  const channel = connect(orchestrators[0]!);
  closers.push(() => channel.close());
  await createClient(channel, RegistryService, { deadlineMs: 5_000 }).heartbeat({});
}

describe('an agent that has joined nothing', () => {
  it('goes plainly to orchestrators of this machine', async () => {
    const { address, heartbeats } = await startOrchestrator({ tls: false });
    const { start } = await newMachine();
    const entry = await start({ orchestrators: [address] });
    expect(entry.identity).toBeUndefined();
    await heartbeat(entry);
    expect(heartbeats).toEqual([undefined]);
    expect((await start({})).orchestrators).toEqual(['127.0.0.1:50051']);
  });

  it('needs a token for any other, and says how to get one', async () => {
    const { start } = await newMachine();
    await expect(start({ orchestrators: ['192.0.2.1:50051'] })).rejects.toThrow(
      /no certificate yet.*tutti token create/,
    );
    await expect(start({ join: '127.0.0.1:1', token: new Error('no file') })).rejects.toThrow('no file');
  });

  it('shows its token to nobody but the cluster that it is for', async () => {
    const [one, other] = [await startOrchestrator(), await startOrchestrator()];
    const { start } = await newMachine();
    await expect(start({ join: other.address, token: one.newToken() })).rejects.toMatchObject({
      reason: 'unauthenticated',
    });
    expect(other.seen).toEqual([]);
  });

  it('waits for an orchestrator that is away or speaks plaintext, and says which', async () => {
    const plain = await startOrchestrator({ tls: false });
    const secure = await startOrchestrator();
    const time = virtualClock();
    const clock = { ...time, wallTime: systemClock.wallTime };
    const { start, lines, stop } = await newMachine();
    const entering = start({ join: plain.address, orchestrators: ['127.0.0.1:1'], token: secure.newToken(), clock });
    const ended = expect(entering).rejects.toThrow();
    await vi.waitFor(() => expect(lines).toHaveLength(2));
    expect(JSON.stringify(lines)).toMatch(/answers without TLS.*nothing listens on port 1/);
    await vi.waitFor(() => expect(time.pending).toBe(1));
    await time.advance(2_000);
    await vi.waitFor(() => expect(lines).toHaveLength(4));
    stop.abort();
    await ended;
    expect(plain.seen).toEqual([]);
  });
});

describe('an agent with a token', () => {
  it('joins, and needs neither token nor address from then on', async () => {
    const { address, newToken, seen, heartbeats } = await startOrchestrator();
    const { start } = await newMachine();
    const first = await start({ join: address, token: newToken() });
    const again = await start({});
    expect(again).toMatchObject({ nodeId: first.nodeId, orchestrators: [address] });
    await heartbeat(again);
    expect(heartbeats).toEqual([first.nodeId]);
    await start({ join: address, token: new Error('the file is gone') });
    expect(seen).toHaveLength(1);
  });

  it('does not join again by the one it has used; it does by another', async () => {
    const { address, newToken, seen } = await startOrchestrator();
    const { start } = await newMachine();
    const [first, second] = [newToken(), newToken()];
    const { nodeId } = await start({ join: address, token: first });
    await start({ join: address, token: first });
    expect(seen).toEqual([first]);
    const again = await start({ join: address, token: second });
    expect(seen).toEqual([first, second]);
    expect(again.nodeId).toBe(nodeId);
  });

  it('that is no good any more goes on as a member if it is one', async () => {
    const { address, newToken } = await startOrchestrator();
    const [member, stranger] = [await newMachine(), await newMachine()];
    const used = newToken();
    await (await newMachine()).start({ join: address, token: used });
    await member.start({ join: address, token: newToken() });
    await member.start({ join: address, token: used });
    expect(member.lines.map(({ message }) => message).join()).toMatch(/goes on as the member that it is/);
    await expect(stranger.start({ join: address, token: used })).rejects.toMatchObject({ reason: 'unauthenticated' });
  });

  it('of another cluster moves there', async () => {
    const [one, other] = [await startOrchestrator(), await startOrchestrator()];
    const { start } = await newMachine();
    await start({ join: one.address, token: one.newToken() });
    const moved = await start({ join: other.address, token: other.newToken() });
    await heartbeat(moved);
    expect(other.heartbeats).toEqual([moved.nodeId]);
  });
});

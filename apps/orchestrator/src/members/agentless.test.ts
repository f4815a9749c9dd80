import { create } from '@bufbuild/protobuf';
import { ClusterError, type NodeRecord } from '@tutti/core';
import { createCluster, dispatched, retried } from '@tutti/core/cluster';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import { NodeStatus } from '@tutti/proto/tutti/v1/node';
import { createMemoryChannel } from '@tutti/rpc';
import { systemClock as clock } from '@tutti/runtime';
import type { ServerSettings } from '@tutti/backends';
import { createLog } from '@tutti/runtime/log';
import { startFakeOllama, startFakeOpenai, type FakeOllama, type FakeOllamaOptions } from '@tutti/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAgentless } from './agentless.ts';
import { createMembership } from './membership.ts';
import { contextOf } from '../observation/traffic.fixture.ts';

const hello = create(CallSchema, {
  model: 'm',
  kind: { case: 'chat', value: { messages: [{ role: 'user', parts: [{ kind: { case: 'text', value: 'hello' } }] }] } },
});

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function startFake(options: FakeOllamaOptions = {}): Promise<FakeOllama> {
  const fake = await startFakeOllama({ models: ['m'], ...options });
  open.push(() => fake.close());
  return fake;
}

/** A cluster whose nodes are model servers without agents, in one process. */
function startRig() {
  const log = createLog({ service: 'test', level: 'error' });
  const cluster = createCluster({ clock, random: () => 0 });
  const membership = createMembership({
    ...{ orchestratorId: 'o', cluster, clock, log, connect: createMemoryChannel },
    onRecords: (records) => agentless.apply(records),
  });
  const servers = new Map<string, ServerSettings>();
  const agentless = createAgentless({ membership, servers: (name) => servers.get(name), clock, log });
  open.push(
    () => membership.close(),
    () => agentless.close(),
  );
  const generate = retried({ clock, random: () => 0 }, dispatched(cluster, clock));
  const whenStatus = (name: string, status: NodeStatus) =>
    vi.waitFor(() => expect(membership.find(name).status).toBe(status), 10_000);

  /** Chats, and tells on which nodes, what came back, and how it ended. */
  const chat = async (onNode?: () => void) => {
    const nodes: string[] = [];
    let text = '';
    try {
      for await (const { kind } of generate(hello, contextOf({}))) {
        if (kind.case === 'delta') text += kind.value.text;
        if (kind.case !== 'progress' || kind.value.kind.case !== 'dispatched') continue;
        nodes.push(kind.value.kind.value.node);
        onNode?.();
      }
      return { nodes, text, end: 'done' };
    } catch (thrown) {
      return { nodes, text, end: ClusterError.from(thrown).reason };
    }
  };
  return { cluster, membership, servers, whenStatus, chat };
}

function bare(name: string, { port }: Pick<FakeOllama, 'port'>, changes: Partial<NodeRecord> = {}): NodeRecord {
  return { name, kind: 'ollama', host: '127.0.0.1', port, attributes: {}, ...changes };
}

describe('a model server without an agent', () => {
  it('is a node like any other: answers chats, shows its models, and nothing of a machine that is not known', async () => {
    const { membership, whenStatus, chat } = startRig();
    const fake = await startFake({ answer: () => 'good day' });
    membership.declare([bare('a', fake, { attributes: { tier: 1 } })]);
    await whenStatus('a', NodeStatus.READY);
    expect(await chat()).toEqual({ nodes: ['a'], text: 'good day', end: 'done' });
    const node = membership.find('a');
    expect(node).toMatchObject({
      ...{ id: 'ollama:a', kind: 'ollama', backend: 'ollama', backendVersion: '0.17.4', modelCount: 1 },
      ...{ problem: '', slots: { total: 5 }, attributes: { tier: 1 } },
    });
    expect(node.hardware).toBeUndefined();
    const lines: string[] = [];
    const verb = { verb: Verb.SHOW, bodyJson: '{"model":"m"}' };
    for await (const response of membership.models('a')!.verb(verb)) lines.push(...response.lines);
    expect(JSON.parse(lines.join(''))).toHaveProperty('model_info');
  });

  it('that dies is said to be unhealthy, its calls go to the other, and it comes back by itself', async () => {
    const { membership, whenStatus, chat } = startRig();
    const [a, b] = [await startFake(), await startFake()];
    membership.declare([bare('a', a), bare('b', b)]);
    await whenStatus('a', NodeStatus.READY);
    await whenStatus('b', NodeStatus.READY);
    await a.close();
    expect(await chat()).toMatchObject({ nodes: ['a', 'b'], end: 'done' });
    await whenStatus('a', NodeStatus.UNHEALTHY);
    expect(membership.find('a').problem).toBe('The backend does not take connections; is Ollama running?');
    expect(await chat()).toMatchObject({ nodes: ['b'], end: 'done' });
    await startFake({ port: a.port });
    await whenStatus('a', NodeStatus.READY);
  });

  it('that was never there is a node with a problem', async () => {
    const { membership, whenStatus } = startRig();
    const fake = await startFake();
    await fake.close();
    membership.declare([bare('a', fake)]);
    await whenStatus('a', NodeStatus.UNHEALTHY);
    expect(membership.find('a').problem).toContain('is Ollama running?');
  });

  it('whose host name nobody knows says so', async () => {
    const { membership, whenStatus } = startRig();
    // Too long to be a name, so nobody is asked.
    const host = 'x'.repeat(64);
    membership.declare([{ name: 'a', kind: 'ollama', host, attributes: {} }]);
    await whenStatus('a', NodeStatus.UNHEALTHY);
    expect(membership.find('a').problem).toContain('host name is not known');
  });

  it('is taken out by a removal, which ends its call, and brought back by a new declaration', async () => {
    const { membership, whenStatus, chat } = startRig();
    const [a, b] = [await startFake({ tokens: Infinity, firstTokenDelayMs: 3_600_000 }), await startFake()];
    membership.declare([bare('a', a), bare('b', b)]);
    await whenStatus('a', NodeStatus.READY);
    await whenStatus('b', NodeStatus.READY);
    const asked = chat();
    await a.whenRequest('/api/chat');
    await membership.remove('a');
    expect(await asked).toMatchObject({ nodes: ['a', 'b'], end: 'done' });
    await a.whenAborted();
    expect(membership.list().map(({ name }) => name)).toEqual(['b']);
    await membership.keep('a', {});
    await whenStatus('a', NodeStatus.READY);
  });
});

describe('a server of another API', () => {
  const rack: NodeRecord = { name: 'rack', kind: 'openai', host: '127.0.0.1', attributes: {} };

  it('is a node as soon as it is known how to reach it, and another one when that changes', async () => {
    const { membership, servers, whenStatus, chat } = startRig();
    const first = await startFakeOpenai({ models: ['m'], answer: () => 'first' });
    const second = await startFakeOpenai({ models: ['m'], answer: () => 'second', apiKey: 'k' });
    open.push(first.close, second.close);
    membership.declare([rack]);
    expect(membership.find('rack').status).toBe(NodeStatus.ABSENT);
    servers.set('rack', { url: first.url });
    membership.declare([rack]);
    await whenStatus('rack', NodeStatus.READY);
    expect(await chat()).toEqual({ nodes: ['rack'], text: 'first', end: 'done' });
    expect(membership.find('rack')).toMatchObject({ id: 'openai:rack', kind: 'openai', slots: { total: 4 } });
    servers.set('rack', { url: second.url, apiKey: 'wrong' });
    membership.declare([rack]);
    await whenStatus('rack', NodeStatus.UNHEALTHY);
    expect(membership.find('rack').problem).toContain('API key');
    servers.set('rack', { url: second.url, apiKey: 'k', slots: 9 });
    membership.declare([rack]);
    await whenStatus('rack', NodeStatus.READY);
    expect(await chat()).toEqual({ nodes: ['rack'], text: 'second', end: 'done' });
    expect(membership.find('rack').slots?.total).toBe(9);
  });

  it('in a cloud gets no calls that may not leave the cluster', async () => {
    const { membership, servers, whenStatus, chat } = startRig();
    const fake = await startFakeOpenai({ models: ['m'] });
    open.push(fake.close);
    servers.set('rack', { url: fake.url, trust: 'cloud' });
    membership.declare([rack]);
    await whenStatus('rack', NodeStatus.READY);
    expect(await chat()).toMatchObject({ nodes: [], text: '' });
    expect(fake.requests.some(({ method }) => method === 'POST')).toBe(false);
  });
});

describe('a changed configuration', () => {
  it('adds, moves and removes nodes, and ends no stream', async () => {
    const { cluster, membership, whenStatus, chat } = startRig();
    const [a, b] = [await startFake({ tokens: 40, tokenDelayMs: 20 }), await startFake()];
    membership.declare([bare('a', a)]);
    await whenStatus('a', NodeStatus.READY);
    const asked = chat();
    await a.whenRequest('/api/chat');
    membership.declare([bare('a', b), bare('b', b)]);
    await whenStatus('a', NodeStatus.READY);
    await whenStatus('b', NodeStatus.READY);
    expect(a.live).toBe(1);
    expect(await chat()).toMatchObject({ nodes: ['a'], end: 'done' });
    expect(b.requests.some(({ path }) => path === '/api/chat')).toBe(true);
    membership.declare([]);
    expect(membership.list()).toEqual([]);
    expect(cluster.nodes).toEqual([]);
    expect(await asked).toMatchObject({ nodes: ['a'], end: 'done' });
    expect(a.aborted).toBe(0);
  });

  it('that only says more of a node leaves its connection alone', async () => {
    const { membership, whenStatus } = startRig();
    const fake = await startFake();
    membership.declare([bare('a', fake)]);
    await whenStatus('a', NodeStatus.READY);
    membership.declare([bare('a', fake, { attributes: { tier: 3 } })]);
    expect(membership.find('a')).toMatchObject({ status: NodeStatus.READY, attributes: { tier: 3 } });
  });
});

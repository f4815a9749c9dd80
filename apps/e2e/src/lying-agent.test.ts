import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { startFakeAgent, type Report } from './fake-agent.fixture.ts';
import { eventually, startAgent, startOrchestrator, stopAll, type Orchestrator } from './processes.ts';

let orchestrator: Orchestrator;

beforeAll(async () => {
  orchestrator = await startOrchestrator();
  await startAgent({ name: 'honest', orchestrators: [orchestrator], backend: 'echo' });
  await whenNode('honest', ({ status }) => status === 'READY');
});

afterAll(stopAll);

interface NodeRow {
  readonly status: string;
  readonly problem: string;
  readonly warnings: readonly string[];
  readonly modelCount: number;
  readonly slots: { readonly total: number };
}

async function get<T>(path: string): Promise<T> {
  return (await (await fetch(orchestrator.url + path)).json()) as T;
}

const whenNode = (name: string, check: (node: NodeRow) => boolean): Promise<NodeRow> =>
  eventually(async () => {
    const node = await get<NodeRow>(`/api/nodes/${name}`);
    return node.status !== undefined && check(node) ? node : undefined;
  }, `${name} as it should be`);

/** The honest node goes on, and everybody sees the cluster. */
async function othersAreWell(): Promise<void> {
  const body = JSON.stringify({ model: 'echo', stream: false, messages: [{ role: 'user', content: 'hello' }] });
  const response = await fetch(`${orchestrator.url}/api/chat`, { method: 'POST', body });
  expect([response.status, response.headers.get('x-tutti-node')]).toEqual([200, 'honest']);
  await response.text();
  const { models } = await get<{ models: { name: string }[] }>('/api/tags');
  expect(models.map(({ name }) => name)).toContain('echo:latest');
  expect((await get<NodeRow>('/api/nodes/honest')).warnings).toEqual([]);
}

const lies: [string, Report, RegExp, Partial<NodeRow>][] = [
  ['negative-memory', { modelMemoryBytes: -24e9 }, /modelMemoryBytes was -24000000000: taken as unknown/, {}],
  ['no-slots', { slots: { total: 0 } }, /slots\.total was 0: taken as 1/, { slots: { total: 1 } }],
  ['many-slots', { slots: { total: 1e9 } }, /slots\.total was 1000000000: taken as 1024/, { slots: { total: 1_024 } }],
  [
    'many-models',
    { models: Array.from({ length: 10_000 }, (_, index) => ({ name: `m${index}:latest` })) },
    /models: 10000 reported, the first 2000 by name count/,
    { modelCount: 2_000 },
  ],
  [
    'one-name-twice',
    { models: [{ name: 'm' }, { name: 'm:latest' }] },
    /m:latest is there more than once/,
    { modelCount: 1 },
  ],
  [
    'too-large',
    { hardware: { memoryTotalBytes: 1e9 }, runners: [{ model: 'm', sizeBytes: 1e15 }] },
    /m: memory of its runner was 1000000000000000: taken as unknown/,
    {},
  ],
  [
    'no-json',
    { models: [{ name: 'm', detailsJson: '{"a":' }] },
    /m: detailsJson was no JSON object/,
    { modelCount: 1 },
  ],
  [
    'odd-names',
    { models: [{ name: 'a\nb' }, { name: '' }, { name: 'm' }] },
    /2 without a usable name/,
    { modelCount: 1 },
  ],
];

it.each(lies)(
  'a node that lies, %s: people see what was taken in its place, others are well',
  async (name, lie, warning, taken) => {
    const agent = await startFakeAgent(orchestrator, name, { seq: 1, ...lie });
    onTestFinished(() => agent.close());
    const node = await whenNode(name, ({ status }) => status === 'READY');
    expect(node.warnings.join('\n')).toMatch(warning);
    expect(node).toMatchObject(taken);
    await othersAreWell();
  },
);

it('reports that come late or twice change nothing', async () => {
  const slots = (total: number) => ({ slots: { total, perRunner: 1 } });
  const agent = await startFakeAgent(orchestrator, 'confused', { seq: 5, ...slots(5) });
  onTestFinished(() => agent.close());
  await whenNode('confused', ({ status }) => status === 'READY');
  agent.report({ seq: 4, ...slots(4) });
  await whenNode('confused', ({ warnings }) => /out of order.*number 4 after 5/.test(warnings.join()));
  agent.report({ seq: 6, ...slots(6) });
  expect((await whenNode('confused', (node) => node.slots.total !== 5)).slots.total).toBe(6);
});

it('a heartbeat that is sent again does not count, and is told of', async () => {
  const agent = await startFakeAgent(orchestrator, 'parrot', { seq: 1 });
  onTestFinished(() => agent.close());
  const { nodeId, epoch, registry } = agent;
  const beat = { nodeId, epoch, bootId: 'b', seq: 3 };
  await registry.heartbeat(beat);
  await registry.heartbeat(beat);
  await registry.heartbeat({ ...beat, seq: 1 });
  const { warnings } = await get<NodeRow>('/api/nodes/parrot');
  expect(warnings).toEqual(['A heartbeat came twice or out of order and was ignored: number 1 after 3.']);
  await expect(registry.heartbeat({ ...beat, epoch: epoch + 1_000 })).rejects.toThrow(/register again/);
});

it('an agent that takes calls and never answers: its client may leave at any time, others are served', async () => {
  const agent = await startFakeAgent(orchestrator, 'deaf', { seq: 1, models: [{ name: 'm' }], slots: { total: 4 } });
  onTestFinished(() => agent.close());
  await whenNode('deaf', ({ status }) => status === 'READY');
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello' }] });
  const left = new AbortController();
  const asked = fetch(`${orchestrator.url}/api/chat`, { method: 'POST', body, signal: left.signal });
  asked.catch(() => {});
  await eventually(() => agent.calls === 1, 'the call is there');
  await othersAreWell();
  left.abort();
  await expect(asked).rejects.toThrow();
  await eventually(async () => {
    const { running } = await get<{ running: unknown[] }>('/admin/requests');
    return running.length === 0;
  }, 'nothing runs');
});

it('a port that takes connections and says nothing is no node, and holds nobody up', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket.on('error', () => {}).resume()));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  onTestFinished(() => {
    silent.close();
    for (const socket of sockets) socket.destroy();
  });
  const registry = createClient(
    RegistryService,
    createGrpcTransport({ baseUrl: `http://127.0.0.1:${orchestrator.facts.grpcPort}` }),
  );
  const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await registry.register({ nodeId: 'wall', bootId: 'b', name: 'wall', address, protocolVersion: 1 });
  const { problem } = await whenNode('wall', (node) => node.problem.includes('cannot be reached'));
  expect(problem).toMatch(/^It has registered, but cannot be reached from here/);
  await othersAreWell();
});

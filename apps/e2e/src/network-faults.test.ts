import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startFakeOllama, startFaultProxy, type FakeOllama, type TcpFault } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startExposedCluster } from './exposed-cluster.ts';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll, type Orchestrator } from './processes.ts';
import { startRelayedRegistry, type RelayedRegistry } from './relayed-registry.ts';
import { messages, model } from './rig.ts';

const faults: TcpFault[] = [
  { kind: 'refuse' },
  { kind: 'reset' },
  { kind: 'stall' },
  { kind: 'half-open' },
  { kind: 'truncate', afterBytes: 2_000 },
  { kind: 'corrupt' },
  { kind: 'corrupt', direction: 'toTarget' },
  { kind: 'slow', latencyMs: 100, bytesPerSecond: 20_000 },
];
const named = faults.map(
  (fault) => [`${fault.kind} ${'direction' in fault ? fault.direction : ''}`.trim(), fault] as const,
);

const body = JSON.stringify({ model, messages, stream: false });
const answer = 'the whole answer';

async function chat(url: string, limitMs = 15_000): Promise<string> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limitMs);
  try {
    const response = await fetch(`${url}/api/chat`, { method: 'POST', body, signal: stop.signal });
    const { message, error } = (await response.json()) as { message?: { content: string }; error?: string };
    return message?.content ?? `${response.status}: ${error}`;
  } catch (thrown) {
    return `no answer: ${(thrown as Error).name}`;
  } finally {
    clearTimeout(timer);
  }
}

describe('a network that fails between the orchestrator and a node', () => {
  let orchestrator: Orchestrator;
  let fakes: FakeOllama[];
  let registries: RelayedRegistry[];

  beforeAll(async () => {
    orchestrator = await startOrchestrator();
    fakes = await Promise.all([0, 1].map(() => startFakeOllama({ models: [model], answer: () => answer })));
    registries = await Promise.all(fakes.map(() => startRelayedRegistry(orchestrator)));
    await Promise.all(
      fakes.map(({ url }, index) =>
        startAgent({ name: `node${index}`, orchestrators: [registries[index]!], ollamaUrl: url }),
      ),
    );
    await nodesReady(orchestrator, 2);
  });

  afterAll(async () => {
    await stopAll();
    await Promise.all([...fakes, ...registries].map((part) => part.close()));
  });

  it.each(named)(
    '%s: clients notice nothing or are told, nobody waits for ever, and all is well afterwards',
    async (_, fault) => {
      const answers: string[] = [];
      let stopped = false;
      const worker = async (): Promise<void> => {
        while (!stopped) answers.push(await chat(orchestrator.url));
      };
      const load = Promise.all(Array.from({ length: 8 }, worker));
      await eventually(() => answers.length >= 20, 'answers before');
      const proxy = registries[0]!.proxy!;
      await proxy.set(fault);
      await eventually(() => answers.length >= 100, 'answers during the fault');
      // A fault that leaves open connections alone is over once they are gone.
      if (fault.kind === 'stall' || fault.kind === 'half-open') await nodesReady(orchestrator, 1);
      await proxy.set(undefined);
      stopped = true;
      await load;

      // What one bit has changed may be anything: no checksum guards a plaintext connection, TLS does.
      const wrong = answers.filter((text) => text !== answer);
      if (fault.kind !== 'corrupt') expect(wrong.filter((text) => !/^50[0234]: \S/.test(text))).toEqual([]);
      // What had begun to answer when its connection broke cannot be done again elsewhere.
      expect(wrong.length).toBeLessThanOrEqual(fault.kind === 'corrupt' ? 100 : 8);
      await nodesReady(orchestrator, 2);
      for (let i = 0; i < 8; i++) expect(await chat(orchestrator.url)).toBe(answer);
      await Promise.all(fakes.map((fake) => fake.whenIdle()));
    },
  );
});

describe('a network that fails between a client and the orchestrator', () => {
  let orchestrator: Orchestrator;
  let fake: FakeOllama;

  beforeAll(async () => {
    orchestrator = await startOrchestrator();
    fake = await startFakeOllama({ models: [model], tokens: 200, tokenDelayMs: 2, parallel: 8 });
    await startAgent({ name: 'node0', orchestrators: [orchestrator], ollamaUrl: fake.url });
    await nodesReady(orchestrator, 1);
  });

  afterAll(async () => {
    await stopAll();
    await fake.close();
  });

  it.each(named)('%s: its work ends, and others are served', async (_, fault) => {
    const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: orchestrator.facts.port } });
    onTestFinished(() => proxy.close());
    const through = `http://127.0.0.1:${proxy.port}`;
    const streams = Array.from({ length: 4 }, () => chat(through, 800));
    await eventually(() => fake.live > 0, 'a request at the backend');
    await proxy.set(fault);
    streams.push(chat(through, 800));
    await Promise.all(streams);
    await proxy.set(undefined);
    await fake.whenIdle();
    expect(await chat(orchestrator.url)).not.toMatch(/^(5|no answer)/);
    const { running } = (await (await fetch(`${orchestrator.url}/admin/requests`)).json()) as { running: unknown[] };
    expect(running).toEqual([]);
  });
});

/** As many as the machine lets one process have, up to this. */
const many = Math.min(10_000, openFilesLimit() - 500);

function openFilesLimit(): number {
  const { userLimits } = process.report.getReport() as { userLimits: { open_files: { soft: number | 'unlimited' } } };
  return userLimits.open_files.soft === 'unlimited' ? Infinity : userLimits.open_files.soft;
}

/** Opens connections that say nothing, or this. */
async function openMany(port: number, first = '', count = many): Promise<Socket[]> {
  const sockets: Socket[] = [];
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(500, count - sockets.length) }, () => connect(port, '127.0.0.1'));
    sockets.push(...batch);
    for (const socket of batch) socket.on('error', () => socket.destroy()).resume();
    await Promise.all(batch.map((socket) => once(socket, 'connect').catch(() => {})));
    for (const socket of batch) if (first !== '' && socket.writable) socket.write(first);
  }
  return sockets;
}

describe(`${many} connections`, () => {
  it('to the public port keep nobody else out', async () => {
    const orchestrator = await startOrchestrator();
    await startAgent({ name: 'node0', orchestrators: [orchestrator], backend: 'echo' });
    await nodesReady(orchestrator, 1);
    onTestFinished(stopAll);
    await openMany(orchestrator.facts.port, 'GET / HTTP/1.1\r\n');
    const startedAt = performance.now();
    expect((await fetch(`${orchestrator.url}/health`)).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  }, 40_000);

  it("to the agents' port keep no agent out, and do not fill the log", async () => {
    const cluster = await startExposedCluster();
    onTestFinished(stopAll);
    const agent = await cluster.join({ name: 'box' });
    await cluster.ready('box');
    await openMany(cluster.orchestrator.facts.grpcPort, 'GET / HTTP/1.1\r\n\r\n');
    await cluster.join({ name: 'newcomer' });
    await cluster.ready('box', 'newcomer');
    await openMany(agent.facts.port, '', 500);
    expect((await cluster.chat()).status).toBe(200);
    expect(cluster.orchestrator.log().match(/connection refused/g)?.length).toBeLessThan(20);
  }, 40_000);
});

it('a request that is too slow or too large in its head is refused, and others are served', async () => {
  const orchestrator = await startOrchestrator(['--read-timeout', '1']);
  onTestFinished(stopAll);
  const { port, grpcPort } = orchestrator.facts;
  const slow = connect(port, '127.0.0.1');
  let text = '';
  slow.on('data', (bytes) => (text += bytes.toString()));
  slow.write('POST /api/chat HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{');
  const trickle = setInterval(() => slow.write(' '), 200);
  slow.on('error', () => {});
  const closed = new Promise((resolve) => slow.once('close', resolve)).finally(() => clearInterval(trickle));

  const large = await fetch(`${orchestrator.url}/api/tags`, { headers: { 'x-large': 'x'.repeat(100_000) } });
  expect(large.status).toBe(431);
  const grpc = connect(grpcPort, '127.0.0.1');
  grpc.on('error', () => {});
  grpc.write(`GET / HTTP/1.1\r\nx-large: ${'x'.repeat(100_000)}\r\n\r\n`);
  await new Promise((resolve) => grpc.resume().once('close', resolve));

  await closed;
  expect(text).toMatch(/^HTTP\/1\.1 408/);
  expect((await fetch(`${orchestrator.url}/health`)).status).toBe(200);
}, 40_000);

import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { text as readText } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { certificateOf, plainClient, refusal, secureClient, type Shown } from './agents-port.fixture.ts';
import { echoModel, jsonBody, startExposedCluster, type ExposedCluster } from './exposed-cluster.ts';
import { makeNamespaces, type Host, type Namespaces } from './namespaces.fixture.ts';
import {
  eventually,
  startProgram,
  stopAll,
  temporaryFolder,
  type Agent,
  type OrchestratorFacts,
  type Program,
} from './processes.ts';
import { messages, model } from './rig.ts';

const chatBody = (words: string) =>
  JSON.stringify({ model: echoModel, stream: false, messages: [{ role: 'user', content: words }] });

describe('three machines', () => {
  let network: Namespaces | { readonly skipped: string };
  let orchestrator: Program<OrchestratorFacts>;
  let key: string;
  const agents: Agent[] = [];

  beforeAll(async () => {
    network = await makeNamespaces(3);
    if ('skipped' in network) return;
    const [first] = network.hosts as [Host];
    const args = ['--host', '0.0.0.0', '--data-folder', await temporaryFolder()];
    orchestrator = await startProgram('orchestrator', args, first.namespace);
    key = orchestrator.facts.firstAdminKey!;
    const { command } = JSON.parse(await curl(first, '/api/tokens', ['--json', '{"uses":3}'])) as { command: string };
    expect(command).toMatch(/^tutti agent --join 10\.231\.0\.1 --token \S+$/);
    const pasted = command.split(' ').slice(2);
    for (const [number, { namespace }] of network.hosts.entries()) {
      const own = ['--name', `box${number}`, '--backend', 'echo', '--data-folder', await temporaryFolder()];
      agents.push(await startProgram('agent', [...pasted, ...own], namespace));
    }
  });

  afterAll(async () => {
    await stopAll();
    if (!('skipped' in network)) await network.remove();
  });

  /** Asks the orchestrator from one of the machines. */
  const curl = (host: Host, path: string, args: readonly string[] = [], shown = `Bearer ${key}`): Promise<string> =>
    host.run(
      'curl',
      '-sS',
      '--fail-with-body',
      '-H',
      `authorization: ${shown}`,
      ...args,
      `http://10.231.0.1:3001${path}`,
    );

  interface Rows {
    readonly nodes: readonly { readonly name: string; readonly status: string; readonly modelCount: number }[];
  }

  const ready = (host: Host, names: string): Promise<boolean> =>
    eventually(async () => {
      const { nodes } = JSON.parse(await curl(host, '/api/nodes')) as Rows;
      return (
        nodes
          .filter(({ status }) => status === 'READY')
          .map(({ name }) => name)
          .join() === names
      );
    }, `ready: ${names}`);

  it('are one cluster by pasted lines, and answer whoever has a key', async ({ skip }) => {
    if ('skipped' in network) return skip(network.skipped);
    const [first, second, third] = network.hosts as [Host, Host, Host];
    await ready(third, 'box0,box1,box2');
    expect(await curl(second, '/api/chat', ['-d', chatBody('good morning')])).toContain('good morning');
    for (const shown of ['', 'Bearer tutti_00000000_nobody']) {
      await expect(curl(second, '/api/chat', ['-d', chatBody('hello')], shown)).rejects.toThrow(/401/);
    }

    // Between the machines there is no plaintext, and no TLS for strangers.
    const grpcPath = '/tutti.agent.v1.AgentService/Watch';
    for (const port of ['10.231.0.1:50051', '10.231.0.2:3000']) {
      await expect(second.run('curl', '-sS', `http://${port}/metrics`)).resolves.toMatch(/TLS/);
      await expect(second.run('curl', '-sS', '--http2-prior-knowledge', `http://${port}${grpcPath}`)).rejects.toThrow();
    }
    const post = ['-sSki', '--http2', '-X', 'POST', '-H', 'content-type: application/grpc'];
    expect(await third.run('curl', ...post, `https://10.231.0.2:3000${grpcPath}`)).toMatch(/grpc-status: (7|16)/);

    // Whoever is removed is out at once, and its work is done elsewhere.
    const { id } = JSON.parse(await curl(first, '/api/nodes/box1', ['-X', 'DELETE'])) as { id: string };
    await ready(first, 'box0,box2');
    await eventually(() => /removed from the cluster/.test(agents[1]!.log()), 'box1 hears that it was removed');
    expect(await curl(third, '/api/chat', ['-d', chatBody('good night')])).toContain('good night');
    expect(id).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe('an orchestrator that other machines can reach', () => {
  let cluster: ExposedCluster;

  beforeEach(async () => {
    cluster = await startExposedCluster();
  });

  afterEach(stopAll);

  it('serves whoever has a key, and nobody else', async () => {
    const { url } = cluster.orchestrator;
    for (const path of ['/api/nodes', '/api/tags', '/v1/models', '/metrics', '/admin/config']) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 401]);
      expect([path, (await cluster.ask(path)).status]).toEqual([path, 200]);
    }
  });

  it('speaks TLS with agents, and agents with it; a certificate counts for what it is', async () => {
    const folder = await temporaryFolder();
    const agent = await cluster.join({ name: 'box', folder });
    await cluster.ready('box');
    const { grpcPort } = cluster.orchestrator.facts;
    const node = await certificateOf(folder);
    const stranger = { ca: node.ca };
    const models = (shown: Shown) => secureClient(ModelService, agent.facts.port, shown).hasBlob({});
    const register = (shown: Shown, nodeId: string) =>
      secureClient(RegistryService, grpcPort, shown).register({
        nodeId,
        name: 'box',
        address: ':1',
        protocolVersion: 1,
      });

    for (const port of [agent.facts.port, grpcPort]) {
      expect(await refusal(plainClient(RegistryService, port).register({}))).toMatch(/^(Unavailable|Aborted|Canceled)/);
      expect(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).toMatch(/speaks TLS only/);
    }
    expect(await refusal(models(stranger))).toMatch(/^Unauthenticated: no certificate was shown/);
    expect(await refusal(models(node))).toMatch(/^PermissionDenied: only a certificate of kind orchestrator/);
    expect(await refusal(register(stranger, 'box'))).toMatch(/^Unauthenticated: no certificate was shown/);
    expect(await refusal(register(node, 'other'))).toMatch(/^PermissionDenied: .*cannot speak for node other/);
    await cluster.ready('box');
  });

  it('moves what has not begun to answer when its node is removed, and ends what has', async () => {
    const slow = await startFakeOllama({ models: [model], firstTokenDelayMs: 60_000 });
    const endless = await startFakeOllama({ models: [model], tokens: Infinity, tokenDelayMs: 10 });
    onTestFinished(async () => void (await Promise.all([slow.close(), endless.close()])));
    const behind = ({ url }: FakeOllama) => ({ args: ['--backend', 'ollama', '--llama-base-url', url] });
    await cluster.join({ name: 'slow', ...behind(slow) });
    await cluster.ready('slow');
    const stream = cluster.ask('/api/chat', jsonBody({ model, messages }));
    await slow.whenRequest('/api/chat');
    await cluster.join({ name: 'endless', ...behind(endless) });
    await cluster.ready('endless', 'slow');

    await cluster.json('/api/nodes/slow', { method: 'DELETE' });
    await slow.whenAborted();
    const { headers, body } = await stream;
    expect(headers.get('x-tutti-node')).toBe('endless');

    const text = readText(body!);
    await cluster.json('/api/nodes/endless', { method: 'DELETE' });
    await endless.whenAborted();
    expect(await text).toMatch(/\{"error":"Node endless was removed from the cluster\."\}\n$/);
    await cluster.ready();
  });

  it('lets a node that was removed in again by a fresh token, and by nothing less', async () => {
    const folder = await temporaryFolder();
    const first = await cluster.invite({ uses: 5 });
    const agent = await cluster.join({ name: 'box', folder, token: first.secret });
    await cluster.ready('box');
    await cluster.json('/api/nodes/box', { method: 'DELETE' });
    await eventually(() => /was removed from the cluster/.test(agent.log()), 'the agent hears of it');
    agent.kill('SIGKILL');
    await agent.exited;

    const again = await cluster.join({ name: 'box', folder, token: '' });
    await eventually(() => /was removed from the cluster/.test(again.log()), 'the agent hears of it again');
    expect(await cluster.nodes()).toEqual([]);
    again.kill('SIGKILL');
    await again.exited;

    await cluster.join({ name: 'box', folder });
    await cluster.ready('box');
  });
});

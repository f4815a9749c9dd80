import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll } from './processes.ts';
import type { Agent, Orchestrator } from './processes.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
}

const model = 'echo:latest';
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const secret = 'nobody else may read this';

const spans: Span[] = [];
const sent: string[] = [];
const collector = createServer((request, response) => {
  void text(request).then((body) => {
    sent.push(body);
    spans.push(...spansIn(body));
    response.end('{}');
  });
});

let orchestrator: Orchestrator;
let agent: Agent;

beforeAll(async () => {
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`);
  orchestrator = await startOrchestrator();
  agent = await startAgent({ name: 'node0', orchestrators: [orchestrator], backend: 'echo' });
  vi.unstubAllEnvs();
  await nodesReady(orchestrator, 1);
  for (let i = 0; i < 3; i++) expect((await chat(model)).status).toBe(200);
  expect((await chat('no-such-model')).status).toBe(404);
});

afterAll(async () => {
  await stopAll();
  collector.close();
});

function chat(name: string): Promise<Response> {
  return fetch(`${orchestrator.url}/api/chat`, {
    method: 'POST',
    headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
    body: JSON.stringify({ model: name, stream: false, messages: [{ role: 'user', content: secret }] }),
  });
}

async function json(path: string): Promise<unknown> {
  return (await fetch(orchestrator.url + path)).json();
}

async function scrape(port: number, name: string): Promise<string[]> {
  const lines = (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).split('\n');
  return lines.filter((line) => line.startsWith(name));
}

function spansIn(body: string): Span[] {
  const { resourceSpans } = JSON.parse(body) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

describe('after three answers and a refusal', () => {
  it('the figures are those, for the cluster and for the admin', async () => {
    const errors = { errorRate: 0.25 };
    expect(await json('/api/cluster/metrics')).toMatchObject({ requests: 4, errors: 1, ...errors });
    expect(await json('/admin/metrics')).toMatchObject({
      ...errors,
      byModel: [
        { model, requests: 3, errors: 0 },
        { requests: 1, errors: 1 },
      ],
      byNode: [{ node: 'node0', requests: 3, errors: 0 }],
    });
    expect(await json('/admin/requests?limit=1')).toMatchObject({ ended: [{ error: 'model_not_found' }], running: [] });
    expect(await json('/admin/health')).toMatchObject({ status: 'ok', nodes: [{ name: 'node0', status: 'ready' }] });
    expect(await json('/admin/performance')).toMatchObject({
      stages: [{ stage: 'queue', count: 3 }, {}, { count: 4 }],
    });
  });

  it("the orchestrator's metrics tell them", async () => {
    expect(await scrape(orchestrator.facts.port, 'tutti_requests_total')).toEqual([
      `tutti_requests_total{model="${model}",node="node0",surface="ollama",status="200"} 3`,
      'tutti_requests_total{model="other",node="",surface="ollama",status="404"} 1',
    ]);
    expect(await scrape(orchestrator.facts.port, 'tutti_node_up')).toEqual(['tutti_node_up{node="node0"} 1']);
  });

  it("the agent's metrics tell its part", async () => {
    expect(await scrape(agent.facts.port, 'tutti_agent_calls_total')).toEqual([
      'tutti_agent_calls_total{result="ok"} 3',
    ]);
  });

  it("one trace holds the client's request, the orchestrator's span and the agent's", async () => {
    const client = 3;
    const server = 2;
    const ofAgent = await eventually(() => spans.find(({ kind }) => kind === server), "an agent's span");
    const above = await eventually(
      () => spans.find(({ spanId }) => spanId === ofAgent.parentSpanId),
      "the orchestrator's span above it",
    );
    expect(above).toMatchObject({ traceId, kind: client, parentSpanId: '00f067aa0ba902b7' });
    expect(ofAgent.traceId).toBe(traceId);
    expect(sent.join()).not.toContain(secret);
  });
});

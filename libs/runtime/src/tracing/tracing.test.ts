import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { create } from '@bufbuild/protobuf';
import {
  ClusterError,
  delta,
  done,
  localPrincipal,
  Priority,
  Privacy,
  progress,
  ticketMachine,
  type Context,
  type Generate,
} from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseTraceparent } from './traceparent.ts';
import { openTracing } from './tracing.ts';

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: Record<string, unknown>;
  readonly status: { readonly code: number };
}

const secret = 'a sentence that nobody else may read';

const call = create(CallSchema, {
  model: 'm:1b',
  numPredict: 40,
  kind: { case: 'chat', value: { messages: [{ role: 'user', parts: [{ kind: { case: 'text', value: secret } }] }] } },
});

const nextTicket = ticketMachine();

const contextWith = (changes: Partial<Context> = {}): Context => ({
  signal: new AbortController().signal,
  requestId: 'r1',
  principal: localPrincipal,
  priority: Priority.DEFAULT,
  privacy: Privacy.CLUSTER,
  hops: 0,
  ticket: nextTicket(),
  ...changes,
});

const answer: Generate = async function* () {
  yield progress({ case: 'dispatched', value: { node: 'n1', reason: 'only node with room', attempt: 1 } });
  yield delta({ text: secret });
  yield done({ reason: 'stop', usage: { promptTokens: 3, outputTokens: 5 } });
};

/** A collector that keeps what it is sent. */
async function startCollector() {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(`${request.url} ${body}`);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return bodies;
}

function spansIn(bodies: readonly string[]): Span[] {
  return bodies
    .map((body) => JSON.parse(body.replace(/^\/v1\/traces /, '')))
    .flatMap(({ resourceSpans }) => resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans)
    .map((span) => ({ ...span, attributes: attributesOf(span.attributes) }));
}

function attributesOf(list: readonly { key: string; value: Record<string, unknown> }[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}

const open = (provider = 'tutti') =>
  openTracing({ service: 'orchestrator', version: '0.1.0', provider, env: process.env, onProblem: () => {} });

afterEach(() => vi.unstubAllEnvs());

describe('tracing', () => {
  it('tells a collector what a call was, and nothing of what was said', async () => {
    const bodies = await startCollector();
    const tracing = await open();
    await Array.fromAsync(tracing.traced('client', answer)(call, contextWith()));
    await tracing.close();
    expect(spansIn(bodies)).toMatchObject([
      {
        name: 'chat m:1b',
        kind: 3,
        attributes: {
          'gen_ai.operation.name': 'chat',
          'gen_ai.provider.name': 'tutti',
          'gen_ai.request.model': 'm:1b',
          'gen_ai.request.max_tokens': 40,
          'gen_ai.response.model': 'm:1b',
          'gen_ai.response.finish_reasons': { values: [{ stringValue: 'stop' }] },
          'gen_ai.response.time_to_first_chunk': expect.any(Number),
          'gen_ai.usage.input_tokens': 3,
          'gen_ai.usage.output_tokens': 5,
          'tutti.request.id': 'r1',
          'tutti.node': 'n1',
          'tutti.route.reason': 'only node with room',
          'tutti.attempts': 1,
        },
      },
    ]);
    expect(bodies[0]).toContain('"tutti-orchestrator"');
    expect(bodies.join()).not.toContain(secret);
  });

  it('bears the name that the environment gives it', async () => {
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name=home,service.name=less');
    vi.stubEnv('OTEL_SERVICE_NAME', 'mine');
    const bodies = await startCollector();
    const tracing = await open();
    await Array.fromAsync(tracing.traced('client', answer)(call, contextWith()));
    await tracing.close();
    expect(bodies[0]).toContain('"mine"');
    expect(bodies[0]).toContain('"home"');
    expect(bodies[0]).not.toContain('"tutti-orchestrator"');
  });

  it("puts the agent's span below the orchestrator's, and that below the client's", async () => {
    const bodies = await startCollector();
    const tracing = await open();
    const chain = tracing.traced('client', tracing.traced('server', answer));
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await Array.fromAsync(chain(call, contextWith({ traceparent: `00-${traceId}-00f067aa0ba902b7-01` })));
    await tracing.close();
    const spans = spansIn(bodies);
    const client = spans.find(({ kind }) => kind === 3);
    const server = spans.find(({ kind }) => kind === 2);
    expect(client).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7' });
    expect(server).toMatchObject({ traceId, parentSpanId: client?.spanId });
  });

  it('leaves out what the client does not want traced', async () => {
    const bodies = await startCollector();
    const tracing = await open();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
    await Array.fromAsync(tracing.traced('client', answer)(call, contextWith({ traceparent })));
    await tracing.close();
    expect(spansIn(bodies)).toEqual([]);
  });

  it.each([
    ['upstream_error', 2],
    ['client_closed', 0],
  ] as const)('tells that a call ended with %s', async (reason, code) => {
    const bodies = await startCollector();
    const tracing = await open();
    const failing: Generate = async function* () {
      throw new ClusterError(reason, 'told');
    };
    await expect(Array.fromAsync(tracing.traced('client', failing)(call, contextWith()))).rejects.toThrow('told');
    await tracing.close();
    expect(spansIn(bodies)).toMatchObject([{ attributes: { 'error.type': reason }, status: { code } }]);
  });

  it('says once that nobody takes the spans, and calls go on', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '200');
    const problems: string[] = [];
    const onProblem = (message: string) => void problems.push(message);
    const tracing = await openTracing({ service: 's', version: '0', provider: 'p', env: process.env, onProblem });
    const traced = tracing.traced('client', answer);
    // More than one batch.
    for (let i = 0; i < 600; i++) expect(await Array.fromAsync(traced(call, contextWith()))).toHaveLength(3);
    await vi.waitFor(() => expect(problems).toHaveLength(1));
    await tracing.close();
    expect(problems).toEqual([expect.stringContaining('ECONNREFUSED')]);
  });

  it('is nothing at all without an endpoint', async () => {
    const tracing = await openTracing({ service: 's', version: '0', provider: 'p', env: {}, onProblem: () => {} });
    expect(tracing.traced('client', answer)).toBe(answer);
    const source = new URL('tracing.ts', import.meta.url).href;
    const program = `
      import { registerHooks } from 'node:module';
      const loaded = [];
      registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
      const { openTracing } = await import(${JSON.stringify(source)});
      await openTracing({ env: {} });
      const without = loaded.filter((url) => url.includes('opentelemetry')).length;
      await openTracing({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, service: 's', version: '0' });
      console.log(without, loaded.some((url) => url.includes('opentelemetry')));
      process.exit();`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
    expect(stdout.trim()).toBe('0 true');
  });
});

describe('a traceparent', () => {
  it('is read with versions to come', () => {
    const parent = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
    const text = `${parent.traceId}-${parent.spanId}`;
    expect(parseTraceparent(`00-${text}-01`)).toMatchObject({ ...parent, traceFlags: 1 });
    expect(parseTraceparent(`01-${text}-03-more`)).toMatchObject({ ...parent, traceFlags: 1 });
  });

  it.each([
    '',
    'x',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7',
    'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
    '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  ])('is none: "%s"', (text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});

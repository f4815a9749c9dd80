import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Permission } from '@tutti/proto/tutti/v1/options';
import fastify from 'fastify';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { metricsFace } from './metrics-face.ts';
import { startMetrics } from './metrics.fixture.ts';
import { nodeOf, viewOf } from './nodes.fixture.ts';

const docker = fileURLToPath(new URL('../../../../docker/', import.meta.url));
const missing = spawnSync('prometheus', ['--version']).error !== undefined;

/** The metrics of some traffic, behind a key. */
async function startApp(key: string) {
  const { registry, pass } = startMetrics(
    [viewOf('a', { models: [{ name: 'm:latest' }], slots: { total: 4 } })],
    [nodeOf('a', { heartbeatAgeMs: 100 })],
  );
  for (let i = 0; i < 5; i++) await pass({ node: 'a', firstMs: 30, done: { usage: { outputTokens: 3 } } });
  const app = fastify();
  app.addHook('onRequest', async ({ headers, routeOptions }, reply) => {
    if (headers.authorization !== `Bearer ${key}`) await reply.code(401).send();
    expect(routeOptions.config.permission).toBe(Permission.VIEW);
  });
  metricsFace(app, registry);
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return { app, port: (app.server.address() as AddressInfo).port };
}

/** A real Prometheus with our configuration and alerts, which scrapes that port; returns what asks it. */
async function startPrometheus(target: number, key: string) {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-prometheus-'));
  await cp(join(docker, 'alerts'), join(folder, 'alerts'), { recursive: true });
  await writeFile(join(folder, 'key'), key);
  const config = (await readFile(join(docker, 'prometheus/prometheus.yml'), 'utf8'))
    .replaceAll('15s', '200ms')
    .replace('orchestrator:3001', `127.0.0.1:${target}`)
    .replace('agent:3000', '127.0.0.1:1')
    .replace('/run/tutti/metrics-key', join(folder, 'key'));
  await writeFile(join(folder, 'prometheus.yml'), config);
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      '--web.listen-address=127.0.0.1:0',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(folder, { recursive: true });
  });
  const port = await portIn(createInterface({ input: child.stderr }));
  return async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    return ((await response.json()) as { data: Record<string, never> }).data;
  };
}

/** Prometheus logs the port that it was given. */
async function portIn(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const port = /msg="Listening on" address=127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port) return port;
  }
  throw new Error('Prometheus ended before it listened.');
}

describe('a real Prometheus', () => {
  it('scrapes our metrics with a key, and takes the alerts', async ({ skip }) => {
    if (missing) return skip('prometheus is not installed (Debian: apt-get install prometheus)');
    const key = 'a-key';
    const { port } = await startApp(key);
    const ask = await startPrometheus(port, key);
    const valueOf = async (query: string): Promise<string | undefined> => {
      const { result } = (await ask(`query?query=${encodeURIComponent(query)}`)) as unknown as {
        result: { value: [number, string] }[];
      };
      return result[0]?.value[1];
    };
    await vi.waitFor(async () => expect(await valueOf('up{job="tutti-orchestrator"}')).toBe('1'), 15_000);
    expect(await valueOf('sum(tutti_requests_total{status="200"})')).toBe('5');
    expect(await valueOf('sum(tutti_tokens_total{direction="output"})')).toBe('15');
    expect(await valueOf('tutti_node_up{node="a"}')).toBe('1');
    expect(await valueOf('tutti_node_slots{node="a"}')).toBe('4');
    const median = await valueOf('histogram_quantile(0.5, tutti_time_to_first_token_seconds_bucket{cold="false"})');
    expect(Number(median)).toBeCloseTo(0.03);

    const { groups } = (await ask('rules')) as unknown as { groups: { rules: { name: string; health: string }[] }[] };
    const healths = () => groups.flatMap(({ rules }) => rules.map(({ health }) => health));
    expect(healths()).toHaveLength(11);
    expect(healths()).not.toContain('err');
  });
});

it('both paths tell the same, as text for Prometheus', async () => {
  const { app } = await startApp('k');
  const get = (url: string) => app.inject({ url, headers: { authorization: 'Bearer k' } });
  const scrape = await get('/metrics');
  expect(scrape.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(scrape.body).toContain('tutti_requests_total');
  expect((await get('/admin/metrics/prometheus')).body).toContain('tutti_requests_total');
});

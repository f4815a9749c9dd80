import { NodeStatus, type Node } from '@tutti/proto/tutti/v1/node';
import { AdminService } from '@tutti/proto/tutti/v1/admin';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { loadConfig } from '@tutti/runtime/config';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { hardware, nodeOf, viewOf } from '../observation/nodes.fixture.ts';
import { createRequestBook } from '../observation/request-book.ts';
import type { StoreHealth } from '../observation/store-health.ts';
import { callOf, chosen, contextOf, pass } from '../observation/traffic.fixture.ts';
import { adminService } from './admin-service.ts';

function startRig() {
  const clock = virtualClock();
  const book = createRequestBook({ clock });
  const nodes: Node[] = [];
  const health: { -readonly [K in keyof StoreHealth]: StoreHealth[K] } = {
    ...{ kind: 'sqlite', status: 'ok', bufferedLines: 0, droppedLines: 0, error: '' },
  };
  const channel = createMemoryChannel();
  channel.addService(
    AdminService,
    adminService({
      book,
      cluster: { nodes: [viewOf('a', { hardware }), viewOf('idle', {})], waiting: 4 },
      nodes: () => nodes,
      store: () => health,
      lag: { read: () => ({ avgMs: 1, p99Ms: 2, maxMs: 3 }) },
      settings: loadConfig({
        program: 'orchestrator',
        args: ['--queue-size', '7', '--mongodb-uri', 'mongodb://user:geheim@host/'],
        env: {},
        cwd: import.meta.dirname,
      }),
      version: '0.1.0',
      clock,
    }),
  );
  const admin = createClient(channel, AdminService, { deadlineMs: 1_000 });
  return { clock, book, nodes, health, admin, pass: (traffic = {}) => pass(book.watch, clock, traffic) };
}

describe('metrics', () => {
  it('are those of the traffic, with the hardware of every node', async () => {
    const { admin, pass } = startRig();
    await pass({ node: 'a', restMs: 100 });
    await pass({ node: 'a', restMs: 300, error: 'upstream_error' });
    const metrics = await admin.getAdminMetrics({});
    expect(metrics).toMatchObject({ windowMs: 60_000, requestsPerMinute: 2, errorRate: 0.5, queueSize: 4 });
    expect(metrics.byModel).toMatchObject([{ model: 'm', requests: 2, errors: 1, avgResponseMs: 200, p95Ms: 300 }]);
    expect(metrics.byNode).toMatchObject([
      { node: 'a', requests: 2, errors: 1, cpu: 0.5, memory: 0.75, gpu: 0.25, vramUsedBytes: 200 },
      { node: 'idle', requests: 0 },
    ]);
    expect(metrics.byNode[1]).not.toHaveProperty('cpu');
  });

  it('are over the window that is asked for, which has bounds', async () => {
    const { admin, pass, clock } = startRig();
    await pass();
    await clock.advance(90_000);
    expect(await admin.getAdminMetrics({})).toMatchObject({ byModel: [] });
    expect(await admin.getAdminMetrics({ windowMs: 100_000 })).toMatchObject({ byModel: [{ requests: 1 }] });
    await expect(admin.getPerformance({ windowMs: 4e6 })).rejects.toMatchObject({ reason: 'invalid_request' });
  });
});

describe('health', () => {
  it('is ok while every node and the store are well', async () => {
    const { admin, nodes } = startRig();
    nodes.push(nodeOf('a', { heartbeatAgeMs: 50 }));
    const health = await admin.getAdminHealth({});
    expect(health).toMatchObject({
      status: 'ok',
      nodes: [{ name: 'a', status: 'ready', lastHeartbeatMs: 50, error: '' }],
      store: { kind: 'sqlite', status: 'ok' },
    });
    expect(health.uptimeMs).toBeGreaterThan(0);
  });

  it('is degraded when a node or the store is not, unavailable when no node is ready', async () => {
    const { admin, nodes, health } = startRig();
    const statusNow = async () => (await admin.getAdminHealth({})).status;
    expect(await statusNow()).toBe('unavailable');
    nodes.push(nodeOf('a'), nodeOf('b', { status: NodeStatus.UNHEALTHY, problem: 'Ollama does not answer.' }));
    expect(await statusNow()).toBe('degraded');
    nodes.pop();
    expect(await statusNow()).toBe('ok');
    health.status = 'unavailable';
    expect(await statusNow()).toBe('degraded');
  });
});

describe('performance', () => {
  it('tells each stage and the lag', async () => {
    const { admin, pass } = startRig();
    await pass({ node: 'a', queueMs: 10, firstMs: 20, restMs: 30 });
    const { stages, loopLag } = await admin.getPerformance({});
    expect(stages).toMatchObject([
      { stage: 'queue', count: 1, avgMs: 10, p50Ms: 10 },
      { stage: 'first_token', count: 1, p99Ms: 30 },
      { stage: 'response', count: 1, maxMs: 60 },
    ]);
    expect(loopLag).toMatchObject({ avgMs: 1, p99Ms: 2, maxMs: 3 });
  });
});

describe('requests', () => {
  it('that run are told apart from those that ended', async () => {
    const { admin, book, clock, pass } = startRig();
    await pass({ id: 'r1', node: 'a', restMs: 20, error: 'upstream_error' });
    const watcher = book.watch(callOf({}), contextOf({ id: 'r2' }));
    await clock.advance(5);
    watcher.see(chosen('a'));
    await clock.advance(7);
    const { running, ended } = await admin.listRequests({});
    expect(running).toMatchObject([
      { id: 'r2', state: 'running', model: 'm', node: 'a', route: 'because a', queueMs: 5, durationMs: 12 },
    ]);
    expect(ended).toMatchObject([
      { id: 'r1', state: 'error', error: 'upstream_error', arrivedAt: '2026-01-01T00:00:00.000Z', durationMs: 20 },
    ]);
  });

  it('are as many as asked for, within bounds', async () => {
    const { admin, pass } = startRig();
    for (let i = 0; i < 150; i++) await pass();
    expect((await admin.listRequests({})).ended).toHaveLength(100);
    expect((await admin.listRequests({ limit: 120 })).ended).toHaveLength(120);
    expect((await admin.listRequests({ limit: 0 })).ended).toHaveLength(0);
    for (const limit of [-1, 1_001])
      await expect(admin.listRequests({ limit })).rejects.toMatchObject({ reason: 'invalid_request' });
  });
});

it('the system is the process and its host', async () => {
  expect(await startRig().admin.getSystem({})).toMatchObject({
    version: '0.1.0',
    nodeVersion: process.version,
    pid: process.pid,
    os: process.platform,
    arch: process.arch,
  });
});

describe('the settings', () => {
  it('are shown with their origin, and secrets are not', async () => {
    const { admin } = startRig();
    const { settings } = await admin.getConfig({});
    const setting = (path: string) => settings.find((setting) => setting.path === path);
    expect(setting('server.queueSize')).toMatchObject({ value: { kind: { value: 7 } }, reloadable: true });
    expect(setting('server.queueSize')?.origin).toMatch(/^flag/);
    expect(setting('server.port')).toMatchObject({ origin: 'default', reloadable: false });
    expect(JSON.stringify(settings)).not.toContain('geheim');
  });

  it('can be changed, where they can', async () => {
    const { admin } = startRig();
    const { changed } = await admin.updateConfig({ changes: { server: { queueSize: 5 } } });
    expect(changed).toMatchObject([{ path: 'server.queueSize', value: { kind: { value: 5 } }, origin: 'api' }]);
    await expect(admin.updateConfig({ changes: { server: { port: 5 } } })).rejects.toMatchObject({
      reason: 'failed_precondition',
    });
    await expect(admin.updateConfig({})).rejects.toMatchObject({ reason: 'invalid_request' });
    expect(await admin.reloadConfig({})).toMatchObject({ changed: [], needsRestart: [] });
  });
});

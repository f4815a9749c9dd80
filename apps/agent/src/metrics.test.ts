import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { createNode, type Node } from '@tutti/backends';
import { ClusterError, done, watched, type Generate } from '@tutti/core';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { createRegistry } from '@tutti/runtime/metrics';
import { virtualClock } from '@tutti/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createHttp } from './http.ts';
import { createAgentMetrics } from './metrics.ts';

/** A node put together as in the agent's main, and its HTTP port. */
async function startAgent(generate: Generate) {
  const clock = virtualClock();
  const registry = createRegistry();
  const watch = createAgentMetrics({ registry, feed: () => node.feed, version: '0.1.0', clock });
  const node: Node = await createNode({
    backend: {
      generate,
      inventory: async () => ({ backend: { kind: 'echo' }, models: [{ name: 'm' }], runners: [{ model: 'm' }] }),
      verb: async function* () {},
      close: async () => {},
    },
    limits: { total: 2, perRunner: 1 },
    hardware: async () => ({ cpuLoad: 0.5, gpus: [{ name: 'g', temperatureC: 60 }] }),
    bootId: 'b',
    standing: { check() {}, nudge() {} },
    clock,
    around: (next) => watched(watch, next),
  });
  const channel = createMemoryChannel();
  channel.addService(AgentService, node.agent);
  const agent = createClient(channel, AgentService, { deadlineMs: 5_000 });
  const call = create(CallSchema, { model: 'm', kind: { case: 'chat', value: {} } });
  const server = createServer(createHttp({ metrics: registry, exposed: false, metricsKeyFile: undefined })).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  onTestFinished(() => {
    node.feed.close();
    server.close();
  });
  const get = (path: string, init?: RequestInit) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
  return {
    invoke: () => Array.fromAsync(agent.invoke({ call })),
    get,
    async lines(name: string) {
      const text = await (await get('/metrics')).text();
      return text.split('\n').filter((line) => line.startsWith(name));
    },
  };
}

const reload: Generate = async function* () {
  yield done({ reason: 'stop', timings: { loadMs: 4_000 } });
};

it('calls are counted by result, those that get no slot as well', async () => {
  const held = Promise.withResolvers<void>();
  let fail = false;
  const { invoke, lines } = await startAgent(async function* () {
    if (fail) throw new ClusterError('upstream_error', 'told');
    await held.promise;
    yield done({ reason: 'stop' });
  });
  const running = [invoke(), invoke()];
  await expect(invoke()).rejects.toMatchObject({ reason: 'no_slot' });
  held.resolve();
  await Promise.all(running);
  fail = true;
  await expect(invoke()).rejects.toMatchObject({ reason: 'upstream_error' });
  expect(await lines('tutti_agent_calls_total')).toEqual([
    'tutti_agent_calls_total{result="no_slot"} 1',
    'tutti_agent_calls_total{result="ok"} 2',
    'tutti_agent_calls_total{result="upstream_error"} 1',
  ]);
  expect(await lines('tutti_agent_call_duration_seconds_count')).toEqual(['tutti_agent_call_duration_seconds_count 4']);
  expect(await lines('tutti_agent_wait_seconds_count')).toEqual(['tutti_agent_wait_seconds_count 3']);
});

it('loads, slots and the machine are told', async () => {
  const { invoke, lines } = await startAgent(reload);
  await invoke();
  expect(await lines('tutti_agent_model_load_seconds_sum')).toEqual(['tutti_agent_model_load_seconds_sum 4']);
  expect(await lines('tutti_agent_slots')).toEqual([
    'tutti_agent_slots 2',
    'tutti_agent_slots_busy 0',
    'tutti_agent_slots_zombie 0',
  ]);
  expect(await lines('tutti_agent_models')).toEqual(['tutti_agent_models 1', 'tutti_agent_models_loaded 1']);
  expect(await lines('tutti_agent_backend_up')).toEqual(['tutti_agent_backend_up 1']);
  expect(await lines('tutti_agent_cpu')).toEqual(['tutti_agent_cpu_utilization_ratio 0.5']);
  expect(await lines('tutti_agent_gpu')).toEqual(['tutti_agent_gpu_temperature_celsius{gpu="0"} 60']);
});

it('the port tells metrics in one place and life in all others', async () => {
  const { get } = await startAgent(reload);
  expect(await (await get('/health')).json()).toEqual({ status: 'ok' });
  const metrics = await get('/metrics?x=1');
  expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect((await get('/metrics', { method: 'POST' })).status).toBe(405);
});

it('every metric of an agent on the board is one that is told', async () => {
  const { invoke, get } = await startAgent(reload);
  await invoke();
  const told = namesIn(await (await get('/metrics')).text());
  const board = new URL('../../../docker/grafana/dashboards/tutti.json', import.meta.url);
  const wanted = namesIn(await readFile(board, 'utf8'));
  expect(wanted.size).toBeGreaterThan(0);
  expect([...wanted.difference(told)]).toEqual([]);
});

function namesIn(text: string): Set<string> {
  return new Set(text.match(/\btutti_agent_[a-z\d_]+/g));
}

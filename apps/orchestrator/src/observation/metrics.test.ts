import { readFile } from 'node:fs/promises';
import { ClusterError } from '@tutti/core';
import { NodeStatus } from '@tutti/proto/tutti/v1/node';
import { describe, expect, it } from 'vitest';
import { linesOf, startMetrics } from './metrics.fixture.ts';
import { hardware, nodeOf, viewOf } from './nodes.fixture.ts';
import { callOf, contextOf } from './traffic.fixture.ts';

const model = { name: 'm:latest' };

describe('requests', () => {
  it('are counted by model, node, surface and status', async () => {
    const { registry, pass } = startMetrics([viewOf('a', { models: [model] })]);
    await pass({ node: 'a' });
    await pass({ node: 'a' });
    await pass({ node: 'a', dialect: 'openai', error: 'upstream_error' });
    await pass({ error: 'client_closed' });
    await pass({ model: 'no-such', dialect: 'made-up', error: 'model_not_found' });
    expect(await linesOf(registry, 'tutti_requests_total')).toEqual([
      'tutti_requests_total{model="m:latest",node="a",surface="ollama",status="200"} 2',
      'tutti_requests_total{model="m:latest",node="a",surface="openai",status="502"} 1',
      'tutti_requests_total{model="m:latest",node="",surface="ollama",status="499"} 1',
      'tutti_requests_total{model="other",node="",surface="other",status="404"} 1',
    ]);
  });

  it('are timed', async () => {
    const { registry, pass } = startMetrics([viewOf('a', { models: [model] })]);
    const usage = { promptTokens: 7, outputTokens: 10 };
    await pass({ node: 'a', queueMs: 2_000, firstMs: 1_000, restMs: 500, done: { usage } });
    await pass({ node: 'a', firstMs: 9_000, done: { usage, timings: { loadMs: 8_000, outputMs: 300 } } });
    const sums = (await registry.text()).split('\n').filter((line) => /^tutti_\w+(_sum|_tokens_total)/.test(line));
    expect(sums).toEqual([
      'tutti_request_duration_seconds_sum{model="m:latest",node="a",surface="ollama"} 12.5',
      'tutti_time_to_first_token_seconds_sum{model="m:latest",cold="false"} 3',
      'tutti_time_to_first_token_seconds_sum{model="m:latest",cold="true"} 9',
      'tutti_time_per_output_token_seconds_sum{model="m:latest"} 0.08',
      'tutti_queue_wait_seconds_sum 2',
      'tutti_model_load_seconds_sum{model="m:latest",node="a"} 8',
    ]);
    expect(await linesOf(registry, 'tutti_tokens_total')).toEqual([
      'tutti_tokens_total{model="m:latest",direction="input"} 14',
      'tutti_tokens_total{model="m:latest",direction="output"} 20',
    ]);
  });

  it('that are not let in are counted by reason', async () => {
    const { registry, metrics } = startMetrics();
    const enter = metrics.countRefusals((full: boolean) => {
      if (full) throw new ClusterError('overloaded', 'full');
      return 'in';
    });
    expect(enter(false)).toBe('in');
    expect(() => enter(true)).toThrow('full');
    expect(await linesOf(registry, 'tutti_refused_total')).toEqual(['tutti_refused_total{reason="overloaded"} 1']);
  });

  it('for 100,000 made-up models add no series', async () => {
    const { registry, book, pass } = startMetrics([viewOf('a', { models: [model] })]);
    await pass({ node: 'a' });
    await pass({ model: 'made-up', error: 'model_not_found' });
    const before = (await linesOf(registry, 'tutti_')).length;
    const unknown = new ClusterError('model_not_found', 'told');
    for (let i = 0; i < 100_000; i++) book.watch(callOf({ model: `made-up-${i}` }), contextOf({})).end(unknown);
    expect(await linesOf(registry, 'tutti_')).toHaveLength(before);
  });

  it('for more than 200 models that exist share a label', async () => {
    const models = Array.from({ length: 300 }, (_, i) => ({ name: `m${i}:latest` }));
    const { registry, pass } = startMetrics([viewOf('a', { models })]);
    for (const { name } of models) await pass({ model: name, node: 'a' });
    const lines = await linesOf(registry, 'tutti_requests_total');
    expect(lines).toHaveLength(201);
    expect(lines.at(-1)).toContain('model="other",node="a",surface="ollama",status="200"} 100');
  });
});

describe('gauges', () => {
  it('tell of queue, store and nodes what is so now', async () => {
    const state = { models: [model], runners: [{ model: 'm' }], slots: { total: 4, busy: 2, waiting: 1 }, hardware };
    const { registry, cluster } = startMetrics(
      [viewOf('a', state, { inFlight: 2 })],
      [
        nodeOf('a', { heartbeatAgeMs: 1_500 }),
        nodeOf('drained', { status: NodeStatus.DRAINING }),
        nodeOf('gone', { status: NodeStatus.ABSENT }),
      ],
    );
    const gauges = (await linesOf(registry, 'tutti_')).filter((line) => !line.endsWith(' 0'));
    expect(gauges.toSorted()).toEqual([
      'tutti_build_info{version="0.1.0"} 1',
      'tutti_log_buffered 2',
      'tutti_log_dropped_total 5',
      'tutti_model_loaded{model="m:latest",node="a"} 1',
      'tutti_node_cpu_utilization_ratio{node="a"} 0.5',
      'tutti_node_gpu_temperature_celsius{node="a",gpu="0"} 70',
      'tutti_node_gpu_utilization_ratio{node="a",gpu="0"} 0.25',
      'tutti_node_heartbeat_age_seconds{node="a"} 1.5',
      'tutti_node_memory_available_bytes{node="a"} 250',
      'tutti_node_memory_total_bytes{node="a"} 1000',
      'tutti_node_slots_busy{node="a"} 2',
      'tutti_node_slots{node="a"} 4',
      'tutti_node_up{node="a"} 1',
      'tutti_node_up{node="drained"} 1',
      'tutti_node_vram_total_bytes{node="a",gpu="0"} 800',
      'tutti_node_vram_used_bytes{node="a",gpu="0"} 200',
      'tutti_node_waiting{node="a"} 1',
      'tutti_queue_capacity 100',
      'tutti_queue_depth 3',
      'tutti_requests_running 2',
      'tutti_store_up 1',
    ]);
    cluster.nodes = [];
    expect(await linesOf(registry, 'tutti_node_slots')).toEqual([]);
  });

  it('forget what a silent node has told', async () => {
    const { registry, clock } = startMetrics([viewOf('a', { hardware })]);
    await clock.advance(30_000);
    expect(await linesOf(registry, 'tutti_node_cpu')).toEqual([]);
  });
});

it('every metric of the board and the alerts is one that is told', async () => {
  const { registry, pass } = startMetrics([viewOf('a', { models: [model], runners: [{ model: 'm' }], hardware })]);
  await pass({ node: 'a', done: { usage: { promptTokens: 1, outputTokens: 1 }, timings: { loadMs: 500 } } });
  const told = namesIn((await registry.text()).replaceAll(/^# HELP.*$/gm, ''));
  for (const file of ['grafana/dashboards/tutti.json', 'alerts/tutti.rules.yml']) {
    const text = await readFile(new URL(`../../../../docker/${file}`, import.meta.url), 'utf8');
    const wanted = namesIn(text);
    expect(wanted.size, file).toBeGreaterThan(5);
    expect([...wanted.difference(told)], file).toEqual([]);
  }
});

/** The agents' own metrics are checked where they are made. */
function namesIn(text: string): Set<string> {
  return new Set(text.match(/\b(tutti|nodejs|process)_[a-z\d_]+/g)?.filter((name) => !name.startsWith('tutti_agent_')));
}

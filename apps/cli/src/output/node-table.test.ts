import { expect, it } from 'vitest';
import type { Node } from '../connection/api.ts';
import { nodeTable } from './node-table.ts';

const agx0 = {
  name: 'agx0',
  status: 'READY',
  problem: '',
  warnings: [],
  attributes: { tier: 2 },
  hardware: { gpus: [{ name: 'Orin', memoryUsedBytes: 41 * 2 ** 30, memoryTotalBytes: 64 * 2 ** 30 }] },
  modelCount: 18,
  runners: [{ model: 'qwen2.5-coder:32b' }, { model: 'llama3.2:3b' }],
  slots: { total: 4, busy: 1 },
  heartbeatAgeMs: 1_200,
};

it('has a row for each node, and tells the problems below', () => {
  const gone = { name: 'pi', status: 'ABSENT', problem: 'Start its agent.', warnings: [], modelCount: 0, runners: [] };
  expect(nodeTable([agx0, gone] as unknown as Node[]).split('\n')).toEqual([
    'NODE    STATE     TIER    GPU/VRAM         MODELS    LOADED                            BUSY    HEARTBEAT',
    'agx0    ready     2       Orin 41/64 GB    18        qwen2.5-coder:32b, llama3.2:3b    1/4     1 second ago',
    'pi      absent    -       -                0         -                                 0/0     -',
    '',
    'pi: Start its agent.',
  ]);
});

it('tells below the rows what keeps calls away, and what a node reports that cannot be', () => {
  const breaker = {
    ...{ state: 'open', failures: 3, retryInMs: 5_000, reason: 'node_unreachable' },
    models: [{ model: 'm', state: 'half-open', failures: 4, retryInMs: 0, reason: 'upstream_error' }],
  };
  const warnings = ['slots.total was 0: taken as 1.', 'cpuLoad was 7: taken as unknown.'];
  const lines = nodeTable([{ ...agx0, breaker, warnings }] as unknown as Node[]).split('\n');
  expect(lines.slice(3)).toEqual([
    'agx0: calls stay away after 3 failures (node_unreachable): one tries in 5.0 s',
    'agx0: calls of m stay away after 4 failures (upstream_error): one tries now',
    'agx0: slots.total was 0: taken as 1. 1 more: "tutti node agx0".',
  ]);
});

it('a breaker that is closed is no remark', () => {
  const breaker = { state: 'closed', failures: 1, retryInMs: 0, reason: 'upstream_error', models: [] };
  expect(nodeTable([{ ...agx0, breaker }] as unknown as Node[]).split('\n')).toHaveLength(2);
});

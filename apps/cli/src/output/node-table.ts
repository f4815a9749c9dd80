import type { Node, NodeStatus } from '../connection/api.ts';
import { colour } from './colour.ts';
import { span } from './format.ts';
import { table } from './table.ts';

const headers = ['NODE', 'STATE', 'TIER', 'GPU/VRAM', 'MODELS', 'LOADED', 'BUSY', 'HEARTBEAT'];

const styles: Partial<Record<NodeStatus, Parameters<typeof colour>[0]>> = {
  READY: 'green',
  UNHEALTHY: 'red',
  SUSPECT: 'red',
  DRAINING: 'yellow',
  CORDONED: 'yellow',
  ABSENT: 'dim',
};

/** A row for each node, and below the rows what is wrong and what to do. */
export function nodeTable(nodes: readonly Node[]): string {
  const problems = nodes.filter(({ problem }) => problem !== '').map(({ name, problem }) => `${name}: ${problem}`);
  return [table(headers, nodes.map(row)), ...(problems.length > 0 ? ['', ...problems] : [])].join('\n');
}

function row({ name, status, attributes, hardware, modelCount, runners, slots, heartbeatAgeMs }: Node): string[] {
  return [
    name,
    colour(styles[status] ?? 'reset', status.toLowerCase()),
    String(attributes?.tier ?? '-'),
    hardware?.gpus.map(gpu).join(', ') || '-',
    String(modelCount),
    runners.map(({ model }) => model).join(', ') || '-',
    `${slots?.busy ?? 0}/${slots?.total ?? 0}`,
    heartbeatAgeMs === undefined ? '-' : `${span(heartbeatAgeMs)} ago`,
  ];
}

type Gpu = NonNullable<Node['hardware']>['gpus'][number];

/** "Orin 41/64 GB"; memory of graphics processors is sold in powers of two. */
function gpu({ name, memoryUsedBytes, memoryTotalBytes }: Gpu): string {
  if (memoryTotalBytes === undefined) return name;
  const used = memoryUsedBytes === undefined ? '?' : gibibytes(memoryUsedBytes);
  return `${name} ${used}/${gibibytes(memoryTotalBytes)} GB`;
}

function gibibytes(count: number): string {
  return (count / 2 ** 30).toFixed(0);
}

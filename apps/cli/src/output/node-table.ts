import type { Node, NodeStatus } from '../connection/api.ts';
import { colour } from './colour.ts';
import { span } from './format.ts';
import { breakerRemarks, warningRemark } from './node-remarks.ts';
import { table } from './table.ts';

const headers = ['NODE', 'STATE', 'TIER', 'GPU/VRAM', 'MODELS', 'LOADED', 'BUSY', 'HEARTBEAT'];

const styles: Partial<Record<NodeStatus, Parameters<typeof colour>[0]>> = {
  READY: 'green',
  UNHEALTHY: 'red',
  SUSPECT: 'red',
  DRAINING: 'yellow',
  CORDONED: 'yellow',
  ABSENT: 'dim',
  LOST: 'red',
};

/** A row for each node, and below the rows what is wrong and what to do. */
export function nodeTable(nodes: readonly Node[]): string {
  const remarks = nodes.flatMap((node) => remarksOn(node).map((remark) => `${node.name}: ${remark}`));
  return [table(headers, nodes.map(row)), ...(remarks.length > 0 ? ['', ...remarks] : [])].join('\n');
}

function remarksOn(node: Node): string[] {
  const problems = node.problem === '' ? [] : [node.problem];
  return [...problems, ...breakerRemarks(node.breaker), ...warningRemark(node)];
}

/** The word for a node's status, in its colour. */
export function statusWord(status: NodeStatus): string {
  return colour(styles[status] ?? 'reset', status.toLowerCase());
}

function row({ name, status, attributes, hardware, modelCount, runners, slots, heartbeatAgeMs }: Node): string[] {
  return [
    name,
    statusWord(status),
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

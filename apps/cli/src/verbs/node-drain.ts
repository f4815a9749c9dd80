import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '@tutti/core';
import type { Command } from 'commander';
import type { Node } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import { durationMs } from '../duration.ts';
import { onCluster } from '../on-cluster.ts';
import type { Output } from '../output/output.ts';

interface Options {
  readonly deadline?: number;
  readonly wait?: boolean;
}

const lookMs = 250;

export function declareDrain(command: Command): void {
  command
    .description('give a node no new calls, and let those that run end')
    .argument('<node>', 'its name')
    .option('--deadline <time>', 'end what still runs after so long, for example 120s', durationMs)
    .option('--wait', 'come back when nothing runs on it any more');
  onCluster<Options>(command, async ({ client, output, options }, name = '') => {
    const path = `/api/nodes/${encodeURIComponent(name)}`;
    const query = { deadlineMs: options.deadline };
    let node = await client.json<Node>('POST', `${path}/drain`, { query });
    if (!output.json) output.note(`Node ${name} gets no new calls; ${left(node)} still run on it.`);
    if (options.wait) node = await untilDrained(client, path, node, output);
    output.answer(node, () => '');
    output.next(`tutti node uncordon ${name}`);
  });
}

function left({ slots }: Node): number {
  return slots?.inFlight ?? 0;
}

/** Looks again and again, and tells each time that fewer calls are left. */
async function untilDrained(client: Client, path: string, first: Node, output: Output): Promise<Node> {
  let node = first;
  while (left(node) > 0) {
    await sleep(lookMs);
    const before = left(node);
    node = await client.json<Node>('GET', path);
    if (node.status === 'READY')
      throw new ClusterError('failed_precondition', `Node ${node.name} was given calls again meanwhile.`);
    if (left(node) !== before && !output.json) output.note(`${left(node)} still run on ${node.name}.`);
  }
  if (!output.json) output.note(`Node ${node.name} is drained.`);
  return node;
}

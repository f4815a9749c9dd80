import type { Command } from 'commander';
import { canonicalModel, ClusterError } from '@tutti/core';
import type { Node } from '../connection/api.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { onNode } from '../on-node.ts';

interface Options {
  readonly node?: string;
}

export function declareStop(command: Command): void {
  startsWithExamples(command, 'tutti stop llama3.1:70b', 'tutti stop llama3.1:70b --node gpu0');
  command.argument('<model>', 'its name').option('--node <node>', 'on this node only; else on all');
  onCluster<Options>(command, async ({ client, output, options }, model) => {
    const { nodes } = await client.json<{ nodes: Node[] }>('GET', '/api/nodes');
    const among = nodes.filter(({ name }) => options.node === undefined || name === options.node);
    const holders = among.filter(({ runners }) => runners.some((runner) => isSame(runner.model, model)));
    if (holders.length === 0) throw notLoaded(model, among);
    const names = holders.map(({ name }) => name);
    const unload = { model, keep_alive: 0, stream: false };
    await Promise.all(
      names.map((name) => client.send('POST', '/api/generate', { body: unload, headers: onNode(name) })),
    );
    output.answer({ model, nodes: names }, () => '');
    if (!output.json) output.note(`${model} is no longer in the memory of ${names.join(', ')}.`);
    output.next('tutti ps');
  });
}

function isSame(one: string, other: string): boolean {
  return canonicalModel(one) === canonicalModel(other);
}

function notLoaded(model: string, nodes: readonly Node[]): ClusterError {
  const loaded = new Set(nodes.flatMap(({ runners }) => runners.map((runner) => runner.model)));
  return new ClusterError(
    'not_found',
    `${model} is not in memory. In memory are: ${[...loaded].join(', ') || 'none'}. "tutti ps" shows where.`,
  );
}

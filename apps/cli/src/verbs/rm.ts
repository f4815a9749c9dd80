import type { Command } from 'commander';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { onNode } from '../on-node.ts';

interface Options {
  readonly node?: string;
}

export function declareRm(command: Command): void {
  startsWithExamples(command, 'tutti rm llama3.1:70b', 'tutti rm llama3.1:70b --node gpu0');
  command.argument('<model...>', 'their names').option('--node <node>', 'from this node only; else from all');
  onCluster<Options>(command, async ({ client, output, options }, ...models) => {
    const deleted = [];
    for (const model of models) {
      const { headers } = await client.send('DELETE', '/api/delete', {
        body: { model },
        headers: onNode(options.node),
      });
      const nodes = (headers.get('x-tutti-node') ?? '').split(',');
      deleted.push({ model, nodes });
      if (!output.json) output.note(`${model} is deleted from ${nodes.join(', ')}.`);
    }
    output.answer({ deleted }, () => '');
    output.next('tutti ls');
  });
}

import type { Command } from 'commander';
import { ClusterError } from '@tutti/core';
import { jsonLines } from '../connection/stream-lines.ts';
import { startsWithExamples } from '../examples.ts';
import { onNode } from '../on-node.ts';
import { onCluster } from '../on-cluster.ts';
import { createProgressLine } from '../output/progress-line.ts';

interface Step {
  readonly status: string;
  readonly total?: number;
  readonly completed?: number;
}

interface Options {
  readonly node?: string;
}

export function declarePull(command: Command): void {
  startsWithExamples(command, 'tutti pull qwen3:0.6b', 'tutti pull llama3.1:70b --node gpu0');
  command.argument('<model>', 'its name').option('--node <node>', 'where to; else the node with the most memory');
  onCluster<Options>(command, async ({ client, output, options }, model) => {
    const response = await client.send('POST', '/api/pull', { body: { model }, headers: onNode(options.node) });
    const node = response.headers.get('x-tutti-node') ?? '';
    const line = createProgressLine();
    let last = '';
    for await (const step of jsonLines<Step>(response)) {
      if (output.json) output.answer({ node, ...step }, () => '');
      else if (step.total !== undefined) line.show(step.status, step.completed ?? 0, step.total);
      else if (step.status !== last) {
        line.close();
        output.note(step.status);
      }
      last = step.status;
    }
    line.close();
    if (last !== 'success') throw new ClusterError('bad_upstream', `Node ${node} stopped at "${last}". Pull again.`);
    if (!output.json) output.note(`${model} is on node ${node}.`);
    output.next(`tutti run ${model} "Say hello"`);
  });
}

import type { Command } from 'commander';
import type { Node } from '../connection/api.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { nodeTable } from '../output/node-table.ts';

export function declareNodes(command: Command): void {
  startsWithExamples(command, 'tutti nodes', 'tutti nodes --json');
  onCluster(command, async ({ client, output }) => {
    const answer = await client.json<{ nodes: Node[] }>('GET', '/api/nodes');
    output.answer(answer, () => nodeTable(answer.nodes));
    output.next('tutti token create    (for the line that another machine joins by)');
  });
}

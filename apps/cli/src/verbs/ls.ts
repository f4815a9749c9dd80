import type { Command } from 'commander';
import type { ClusterModel } from '../connection/api.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { bytes } from '../output/format.ts';
import { table } from '../output/table.ts';

export function declareLs(command: Command): void {
  startsWithExamples(command.alias('list'), 'tutti ls', 'tutti ls --json | jq -r ".models[].name"');
  onCluster(command, async ({ client, output }) => {
    const answer = await client.json<{ models: ClusterModel[] }>('GET', '/api/cluster/models');
    output.answer(answer, () => table(['NAME', 'ID', 'SIZE', 'NODES', 'LOADED'], answer.models.map(row)));
    if (answer.models.length === 0) output.next('tutti pull qwen3:0.6b');
    else output.next(`tutti run ${answer.models[0]!.name} "Say hello"`);
  });
}

function row({ name, digest, sizeBytes, nodes, loadedOn }: ClusterModel): string[] {
  return [
    name,
    digest.slice(0, 12) || '-',
    sizeBytes === undefined ? '-' : bytes(sizeBytes),
    nodes.join(','),
    loadedOn.join(',') || '-',
  ];
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ClusterStatus, Node } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { span } from '../output/format.ts';
import { nodeTable } from '../output/node-table.ts';

interface Options {
  readonly watch?: boolean;
}

type Status = ClusterStatus & { readonly nodes: readonly Node[] };

const watchMs = 2_000;
/** Moves to the top left and clears what is below. */
const clearScreen = '\u001B[H\u001B[J';

export function declareStatus(command: Command): void {
  startsWithExamples(command, 'tutti status', 'tutti status --watch');
  command.option('-w, --watch', 'show it anew every two seconds');
  onCluster<Options>(command, async ({ client, output, options }) => {
    do {
      const status = await readStatus(client);
      if (options.watch && process.stdout.isTTY && !output.json) output.piece(clearScreen);
      output.answer(status, () => describe(client.url, status));
      if (options.watch) await sleep(watchMs);
      else if (status.nodes.some(({ problem }) => problem !== '')) output.next('tutti doctor');
    } while (options.watch);
  });
}

async function readStatus(client: Client): Promise<Status> {
  const [status, { nodes }] = await Promise.all([
    client.json<ClusterStatus>('GET', '/api/cluster/status'),
    client.json<{ nodes: Node[] }>('GET', '/api/nodes'),
  ]);
  return { ...status, nodes };
}

function describe(url: string, status: Status): string {
  const { version, uptimeMs, nodesReady, nodesTotal, models, modelsLoaded, inFlight, slotsTotal, queueWaiting } =
    status;
  return [
    `${status.status}: ${nodesReady} of ${nodesTotal} nodes ready, ${models} models, ${modelsLoaded} in memory`,
    `${inFlight} of ${slotsTotal} slots busy, ${queueWaiting} waiting${status.paused ? ', queue PAUSED' : ''}`,
    `${url}, Tutti ${version}, up for ${span(uptimeMs)}${status.exposed ? ', open to the network with keys' : ''}`,
    '',
    nodeTable(status.nodes),
  ].join('\n');
}

import type { Command } from 'commander';
import type { Node } from '../connection/api.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { bytes, span } from '../output/format.ts';
import { table } from '../output/table.ts';

interface Loaded extends Readonly<Node['runners'][number]> {
  readonly node: string;
}

export function declarePs(command: Command): void {
  startsWithExamples(command, 'tutti ps', 'tutti ps --json');
  onCluster(command, async ({ client, output }) => {
    const { nodes } = await client.json<{ nodes: Node[] }>('GET', '/api/nodes');
    const models: Loaded[] = nodes.flatMap(({ name, runners }) => runners.map((runner) => ({ node: name, ...runner })));
    const headers = ['NAME', 'NODE', 'SIZE', 'PROCESSOR', 'CONTEXT', 'RUNNING', 'UNTIL'];
    output.answer({ models }, () => table(headers, models.map(row)));
    if (models.length > 0) output.next(`tutti stop ${models[0]!.model}`);
  });
}

function row({ model, node, sizeBytes, vramBytes, contextLength, inFlight, expiresInMs }: Loaded): string[] {
  return [
    model,
    node,
    sizeBytes === undefined ? '-' : bytes(sizeBytes),
    processor(sizeBytes, vramBytes),
    contextLength === undefined ? '-' : String(contextLength),
    String(inFlight),
    until(expiresInMs),
  ];
}

/** In Ollama's words. */
export function processor(sizeBytes: number | undefined, vramBytes: number | undefined): string {
  if (!sizeBytes || vramBytes === undefined) return '-';
  const gpu = Math.round((100 * vramBytes) / sizeBytes);
  if (gpu === 0) return '100% CPU';
  return gpu >= 100 ? '100% GPU' : `${100 - gpu}%/${gpu}% CPU/GPU`;
}

function until(expiresInMs: number | undefined): string {
  if (expiresInMs === undefined) return '-';
  return expiresInMs < 0 ? 'forever' : `${span(expiresInMs)} from now`;
}

import type { Command } from 'commander';
import { ClusterError } from '@tutti/core';
import type { Prewarmed } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import { wholeNumber } from '../options.ts';
import { createElapsedLine } from '../output/elapsed-line.ts';
import { measured } from '../output/format.ts';

interface Options {
  readonly node?: string;
  readonly numCtx?: number;
}

export function declarePrewarm(command: Command): void {
  startsWithExamples(command, 'tutti prewarm llama3.1:8b', 'tutti prewarm llama3.1:70b --node gpu0 --num-ctx 16384');
  command
    .argument('<model>', 'its name')
    .option('--node <node>', 'where; else where it costs others least')
    .option('--num-ctx <tokens>', 'context length; else the largest that was needed lately', wholeNumber);
  onCluster<Options>(command, async ({ client, output, options: { node, numCtx } }, model) => {
    const line = output.json ? undefined : createElapsedLine(`loading ${model}`);
    const answer = await prewarm(client, { model, node, numCtx }).finally(() => line?.close());
    output.answer(answer, () => '');
    if (!output.json) output.note(describe(answer));
    output.next(`tutti run ${model} "Say hello"`);
  });
}

/** A load may take longer than this program waits for an answer: it goes on, and whoever asks again waits for it. */
async function prewarm(client: Client, body: object): Promise<Prewarmed> {
  for (;;) {
    try {
      return await client.json<Prewarmed>('POST', '/api/performance/prewarm', { body });
    } catch (error) {
      if (!isImpatience(error)) throw error;
    }
  }
}

function isImpatience(error: unknown): boolean {
  if (!(error instanceof ClusterError) || !(error.cause instanceof Error)) return false;
  return (error.cause.cause as NodeJS.ErrnoException | undefined)?.code === 'UND_ERR_HEADERS_TIMEOUT';
}

function describe({ model, node, resident, loadMs, numCtx, evicted }: Prewarmed): string {
  const context = numCtx === undefined ? '' : ` with a context of ${numCtx} tokens`;
  if (resident) return `${model} was in the memory of ${node} already${context}.`;
  const room = evicted.length === 0 ? '' : ` ${evicted.join(', ')} made room.`;
  return `${model} is in the memory of ${node}${context}, after ${measured(loadMs)}.${room}`;
}

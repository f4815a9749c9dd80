import { ClusterError } from '@tutti/core';
import type { Command } from 'commander';
import type { CancelledCall, QueueStatus } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import { serverSentEvents } from '../connection/stream-lines.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster } from '../on-cluster.ts';
import type { Output } from '../output/output.ts';
import { queueTable } from '../output/queue-table.ts';

const path = '/api/queue/status';

const clearScreen = '\u001B[H\u001B[J';

export function declareQueue(command: Command): void {
  startsWithExamples(command, 'tutti queue', 'tutti queue --watch', 'tutti queue cancel 0b4f…');
  command.option('-w, --watch', 'go on, and show each change');
  onCluster<{ readonly watch?: boolean }>(command, async ({ client, output, options }) => {
    if (options.watch) return watch(client, output);
    const status = await readStatus(client);
    output.answer(status, () => queueTable(status));
    const [first] = status.calls;
    output.next(first ? `tutti queue cancel ${first.requestId}` : 'tutti queue --watch');
  });
  declareCancel(command.command('cancel'));
  declareStep(command.command('pause'), 'start no more calls; those that run go on', 'The queue is paused', 'resume');
  declareStep(command.command('resume'), 'start calls again', 'The queue goes on', 'pause');
}

function declareCancel(cancel: Command): void {
  cancel.description('end a call that waits; one that runs is not touched').argument('<request>', 'id of its request');
  onCluster(cancel, async ({ client, output }, requestId = '') => {
    const path = `/api/queue/${encodeURIComponent(requestId)}/cancel`;
    const answer = await client.json<CancelledCall>('POST', path);
    if (answer.cancelled === 0) throw new ClusterError('not_found', `No call of request "${requestId}" waits.`);
    output.answer(answer, () => '');
    if (!output.json) output.note(`Request ${requestId} has ended; ${answer.waiting} still wait.`);
    output.next('tutti queue');
  });
}

function declareStep(step: Command, summary: string, done: string, opposite: string): void {
  onCluster(step.description(summary), async ({ client, output }) => {
    const answer = await client.json<{ waiting: number }>('POST', `/api/queue/${step.name()}`);
    output.answer(answer, () => '');
    if (!output.json) output.note(`${done}; ${answer.waiting} wait.`);
    output.next(`tutti queue ${opposite}`);
  });
}

/** Until the user has seen enough. */
async function watch(client: Client, output: Output): Promise<void> {
  const headers = { accept: 'text/event-stream' };
  const changes = await client.send('GET', path, { query: { follow: true }, headers });
  for await (const status of serverSentEvents<QueueStatus>(changes)) {
    if (process.stdout.isTTY) output.piece(clearScreen);
    output.answer(status, () => queueTable(status));
  }
}

function readStatus(client: Client): Promise<QueueStatus> {
  return client.json('GET', path);
}

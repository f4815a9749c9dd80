import type { QueueStatus } from '../connection/api.ts';
import { colour } from './colour.ts';
import { measured } from './format.ts';
import { table } from './table.ts';

const headers = ['POSITION', 'REQUEST', 'MODEL', 'CLASS', 'KEY', 'WAITING', 'ETA', 'ATTEMPT'];

/** How busy the queue is, and a row for each call that waits. */
export function queueTable(status: QueueStatus): string {
  const { calls, waiting } = status;
  if (calls.length === 0) return summary(status);
  const more = waiting - calls.length;
  return [summary(status), '', table(headers, calls.map(row)), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

/** "3 waiting (at most 100), 20 running (at most 20), a call that came now would wait 12 s" */
function summary({ paused, waiting, inFlight, queueSize, concurrency, waitMs, refused }: QueueStatus): string {
  return [
    `${waiting} waiting (at most ${queueSize}), ${inFlight} running (at most ${concurrency})`,
    ...(waitMs > 0 ? [`a call that came now would wait ${measured(waitMs)}`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(paused ? [colour('yellow', 'PAUSED: no call is started')] : []),
  ].join(', ');
}

type Waiting = QueueStatus['calls'][number];

function row({ position, requestId, model, priority, key, waitingMs, etaMs, attempt }: Waiting): string[] {
  const eta = etaMs === undefined ? '-' : `in ${measured(etaMs)}`;
  return [String(position), requestId || '-', model, priority, key || '-', measured(waitingMs), eta, String(attempt)];
}

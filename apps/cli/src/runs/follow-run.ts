import { setTimeout as pause } from 'node:timers/promises';
import { ClusterError, type Reason } from '@tutti/core';
import type { RunEvent } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import { serverSentEvents } from '../connection/stream-lines.ts';
import { runPath } from './run-path.ts';

/** Another moment, or another process behind the same address, may do better. */
const passing = new Set<Reason>(['node_unreachable', 'draining', 'storage_unavailable', 'bad_upstream']);

const firstPauseMs = 250;
const mostFailures = 8;

/** All events of a run until its end. A connection that breaks is made anew, and goes on behind the last event. */
export async function* followRun(client: Client, id: string): AsyncGenerator<RunEvent, void> {
  let last = 0;
  let isReached = false;
  for (let failures = 0; ; failures++) {
    if (failures > 0) await pause(firstPauseMs * 2 ** (failures - 1));
    try {
      const headers = { accept: 'text/event-stream', 'last-event-id': String(last) };
      const response = await client.send('GET', runPath(id, 'events'), { headers });
      isReached = true;
      for await (const event of serverSentEvents<RunEvent>(response)) {
        last = event.seq;
        failures = 0;
        yield event;
        if (event.type === 'ended') return;
      }
    } catch (error) {
      const { reason } = ClusterError.from(error);
      if (!isReached || !passing.has(reason) || failures >= mostFailures) throw error;
    }
  }
}

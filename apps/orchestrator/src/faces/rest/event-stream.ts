import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ClusterError, type Clock } from '@tutti/core';
import type { RestEvent } from '@tutti/rpc/rest';
import { eventStream } from '../http/content-types.ts';
import { problem } from '../http/problem.ts';
import { createStreamWriter } from '../answer/stream-writer.ts';

interface Options {
  /** Aborts when the client has left. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Told of an error that ends a stream after its start, for the log. */
  readonly onError: (error: ClusterError) => void;
}

/** Proxies and clients take a connection for dead that is silent for longer. */
const longestSilenceMs = 15_000;

/**
 * Sends server-sent events. Headers go out with the first event, or when the silence is longest; an error
 * before that is thrown, one after it is the last event.
 */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  events: AsyncIterable<RestEvent>,
  { signal, clock, onError }: Options,
): Promise<void> {
  let raw: ServerResponse | undefined;
  const open = (): ServerResponse => (raw ??= openStream(reply));
  const heartbeat = createHeartbeat(clock, open);
  const writer = createStreamWriter(reply.raw, { signal, clock });
  try {
    for await (const event of events) {
      open();
      heartbeat.restart();
      const drained = writer.push(textOf(event));
      if (drained) await drained;
    }
    open();
    writer.flush();
  } catch (thrown) {
    if (!raw) throw thrown;
    const error = ClusterError.from(thrown);
    if (error.reason === 'client_closed') {
      raw.destroy();
      return;
    }
    onError(error);
    writer.flush();
    raw.write(`event: error\ndata: ${problem(error, request.id)}\n\n`);
  } finally {
    heartbeat.stop();
  }
  raw?.end();
}

function textOf({ data, event, id }: RestEvent): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  const eventLine = event === undefined ? '' : `event: ${event}\n`;
  return `${idLine}${eventLine}data: ${data}\n\n`;
}

/** Writes a comment whenever nothing has been written for long. */
function createHeartbeat(clock: Clock, open: () => ServerResponse) {
  const beat = (): void => {
    const raw = open();
    if (!raw.writableNeedDrain) raw.write(': keep-alive\n\n');
    stop = clock.after(longestSilenceMs, beat);
  };
  let stop = clock.after(longestSilenceMs, beat);
  return {
    restart() {
      stop();
      stop = clock.after(longestSilenceMs, beat);
    },
    stop: () => stop(),
  };
}

function openStream(reply: FastifyReply): ServerResponse {
  reply.headers({
    'content-type': eventStream,
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  });
  reply.hijack();
  reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  reply.raw.flushHeaders();
  return reply.raw;
}

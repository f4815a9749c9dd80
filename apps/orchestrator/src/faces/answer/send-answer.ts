import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import { ClusterError, type Chunk, type Clock, type Stream } from '@tutti/core';
import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { json } from '../http/content-types.ts';
import type { Rendering } from './rendering.ts';
import type { RouteFacts } from './route-facts.ts';
import { withSigns } from './signs-of-life.ts';
import { createStreamWriter } from './stream-writer.ts';

/** Streams send their headers with the first delta, which is when node and attempts are known; but not later than this. */
const longestHeaderWaitMs = 15_000;

interface WholeOptions {
  readonly facts: RouteFacts;
  readonly rendering: (model: string) => Rendering;
  readonly longestStallMs: number;
}

/** Answers with one object. */
export async function sendWhole(
  reply: FastifyReply,
  chunks: Stream<Chunk>,
  { facts, rendering, longestStallMs }: WholeOptions,
): Promise<void> {
  const deltas: Delta[] = [];
  let end: Done | undefined;
  for (let next = await chunks.next(); !next.done; next = chunks.ready?.() ?? (await chunks.next())) {
    const { kind } = next.value;
    if (kind.case === 'progress') facts.note(kind.value);
    if (kind.case === 'delta') deltas.push(kind.value);
    if (kind.case === 'done') end = kind.value;
  }
  if (!end) throw incomplete();
  await sendObject(reply, facts, await rendering(facts.model).whole(deltas, end, facts.fields()), longestStallMs);
}

async function sendObject(reply: FastifyReply, facts: RouteFacts, text: string, stallMs: number): Promise<void> {
  // Node closes a connection on which nothing moves for so long; the next request on it sets that back.
  const { socket } = reply.raw;
  if (socket instanceof Socket) socket.setTimeout(stallMs);
  await reply.headers(facts.headers()).type(json).send(text);
}

interface StreamOptions extends WholeOptions {
  readonly clock: Clock;
  /** Ends the call. */
  readonly gone: AbortController;
}

/** Answers with a stream, whose headers go out with the first delta; a load or an unload with one object. */
export async function sendStream(reply: FastifyReply, chunks: Stream<Chunk>, options: StreamOptions): Promise<void> {
  const { facts, clock, gone, longestStallMs } = options;
  const first = firstShown(chunks, facts, options.rendering(facts.model));
  // If it fails while the headers go out, the failure is met below.
  first.catch(() => {});
  const early = await isLate(first, clock);
  const opening = early ? undefined : (await first).value?.kind;
  let rendering = options.rendering(facts.model);
  if (opening?.case === 'done' && isLoad(opening.value) && !rendering.progress) {
    await chunks.next();
    await sendObject(reply, facts, await rendering.whole([], opening.value, facts.fields()), longestStallMs);
    return;
  }
  const isOpen = early || opening?.case === 'progress';
  // Until the first delta the call may still move, so early headers do not name a node: the last chunk does.
  const raw = openStream(reply, rendering, isOpen ? {} : facts.headers());
  if (early) raw.flushHeaders();
  const writer = createStreamWriter(raw, { signal: gone.signal, clock, longestStallMs });
  try {
    let finished = false;
    let next = await (early ? withSigns(first, raw, rendering, options) : first);
    if (isOpen) rendering = options.rendering(facts.model);
    for (let noted = true; !next.done; next = chunks.ready?.() ?? (await chunks.next()), noted = false) {
      const { kind } = next.value;
      if (kind.case === 'progress' && !noted) facts.note(kind.value);
      const text = finished ? '' : textOf(kind, rendering, facts);
      finished ||= kind.case === 'done';
      const drained = writer.push(typeof text === 'string' ? text : await text);
      if (drained) await drained;
    }
    if (!finished) throw incomplete();
    writer.flush();
  } catch (thrown) {
    const error = ClusterError.from(thrown);
    if (error.reason === 'client_closed') {
      gone.abort();
      raw.destroy();
      return;
    }
    writer.flush();
    raw.write(rendering.failed(error));
  }
  raw.end();
}

/** Reads on to the first chunk that a client sees; what the others tell goes into `facts`. */
async function firstShown(
  chunks: Stream<Chunk>,
  facts: RouteFacts,
  rendering: Rendering,
): Promise<IteratorResult<Chunk, undefined>> {
  for (;;) {
    const next = await chunks.next();
    if (next.done || next.value.kind.case !== 'progress') return next;
    facts.note(next.value.kind.value);
    if (rendering.progress?.(next.value.kind.value)) return next;
  }
}

function textOf(kind: Chunk['kind'], rendering: Rendering, facts: RouteFacts): string | Promise<string> {
  if (kind.case === 'delta') return rendering.delta(kind.value);
  if (kind.case === 'progress') return rendering.progress?.(kind.value) ?? '';
  return kind.case === 'done' ? rendering.done(kind.value, facts.fields()) : '';
}

/** Ollama answers a load or an unload with one JSON object, stream or not. */
function isLoad({ reason }: Done): boolean {
  return reason === 'load' || reason === 'unload';
}

function incomplete(): ClusterError {
  return new ClusterError('bad_upstream', 'The answer ended before it was complete.');
}

function openStream(reply: FastifyReply, rendering: Rendering, headers: Record<string, string>): ServerResponse {
  reply.headers({
    ...headers,
    'content-type': rendering.contentType,
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  });
  reply.hijack();
  reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  return reply.raw;
}

/** True if `first` has not settled in time. Rejects as `first` does. */
function isLate(first: Promise<unknown>, clock: Clock): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(longestHeaderWaitMs, () => resolve(true));
    first.then(() => resolve(false), reject).finally(stop);
  });
}

import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  canonicalModel,
  ClusterError,
  type Call,
  type Chunk,
  type Clock,
  type Generate,
  type Principal,
  type Ticket,
} from '@tutti/core';
import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { readContext } from './request-context.ts';
import type { Rendering } from './rendering.ts';
import { createRouteFacts, type RouteFacts } from './route-facts.ts';
import { createStreamWriter } from './stream-writer.ts';

/** A call, and how its answer is written. */
export interface Ask {
  readonly call: Call;
  readonly stream: boolean;
  /** How the answer of that model is written. */
  readonly rendering: (model: string) => Rendering;
}

interface Options {
  readonly generate: Generate;
  readonly clock: Clock;
  readonly nextTicket: () => Ticket;
  readonly enter: Enter;
  /** A client that takes nothing of a stream for so long counts as gone. */
  readonly longestStallMs?: number;
}

/** Refuses the request if there is no place for it; the returned function gives the place back. */
export type Enter = (cancel: (reason: ClusterError) => void, principal: Principal) => () => void;

export type Answer = (request: FastifyRequest, reply: FastifyReply, ask: Ask) => Promise<void>;

/** Streams send their headers with the first delta, which is when node and attempts are known; but not later than this. */
const longestHeaderWaitMs = 15_000;

/** A client that wants less says so by leaving. */
const longestCallMs = 30 * 60_000;

/** Runs calls for the faces: from the parsed request to the last byte. */
export function createAnswer({ generate, clock, nextTicket, enter, longestStallMs }: Options): Answer {
  return async (request, reply, { call, stream, rendering }) => {
    const gone = new AbortController();
    const context = readContext(request, gone.signal, nextTicket());
    if (reply.raw.closed) throw new ClusterError('client_closed', 'request canceled');
    const leave = enter((reason) => gone.abort(reason), context.principal);
    const stop = clock.after(longestCallMs, () => gone.abort(tooLong()));
    const onClose = (): void => {
      stop();
      if (!reply.raw.writableFinished) gone.abort();
      leave();
    };
    // Fires after the last byte as well, so what is still on its way counts as inside.
    reply.raw.once('close', onClose);
    const facts = createRouteFacts(clock, context, call.model);
    const chunks = generate({ ...call, model: canonicalModel(call.model) }, context)[Symbol.asyncIterator]();
    try {
      if (stream) await sendStream(reply, chunks, { facts, rendering, clock, gone, longestStallMs });
      else await sendWhole(reply, chunks, facts, rendering);
    } catch (thrown) {
      // An error that is told by the handler goes out after this; the slot must be free whatever happens.
      gone.abort();
      if (!reply.sent) reply.headers(facts.headers());
      throw thrown;
    } finally {
      await chunks.return?.();
    }
  };
}

async function sendWhole(
  reply: FastifyReply,
  chunks: AsyncIterator<Chunk>,
  facts: RouteFacts,
  rendering: Ask['rendering'],
) {
  const deltas: Delta[] = [];
  let end: Done | undefined;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    const { kind } = next.value;
    if (kind.case === 'progress') facts.note(kind.value);
    if (kind.case === 'delta') deltas.push(kind.value);
    if (kind.case === 'done') end = kind.value;
  }
  if (!end) throw incomplete();
  await sendObject(reply, facts, rendering(facts.model).whole(deltas, end, facts.fields()));
}

async function sendObject(reply: FastifyReply, facts: RouteFacts, text: string): Promise<void> {
  await reply.headers(facts.headers()).type('application/json; charset=utf-8').send(text);
}

interface StreamOptions {
  readonly facts: RouteFacts;
  readonly rendering: Ask['rendering'];
  readonly clock: Clock;
  /** Ends the call. */
  readonly gone: AbortController;
  readonly longestStallMs: number | undefined;
}

async function sendStream(reply: FastifyReply, chunks: AsyncIterator<Chunk>, options: StreamOptions): Promise<void> {
  const { facts, clock, gone, longestStallMs } = options;
  const first = firstOfAnswer(chunks, facts);
  // If it fails while the headers go out, the failure is met below.
  first.catch(() => {});
  const early = await isLate(first, clock);
  const opening = early ? undefined : (await first).value?.kind;
  let rendering = options.rendering(facts.model);
  if (opening?.case === 'done' && isLoad(opening.value)) {
    await chunks.next();
    await sendObject(reply, facts, rendering.whole([], opening.value, facts.fields()));
    return;
  }
  // Until the first delta the call may still move, so early headers do not name a node: the last chunk does.
  const raw = openStream(reply, rendering, early ? {} : facts.headers());
  if (early) raw.flushHeaders();
  const writer = createStreamWriter(raw, { signal: gone.signal, clock, longestStallMs });
  try {
    let finished = false;
    let next = await first;
    if (early) rendering = options.rendering(facts.model);
    for (; !next.done; next = await chunks.next()) {
      const { kind } = next.value;
      if (kind.case === 'progress') facts.note(kind.value);
      const text = finished ? '' : textOf(kind, rendering, facts);
      finished ||= kind.case === 'done';
      const drained = writer.push(text);
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
async function firstOfAnswer(
  chunks: AsyncIterator<Chunk>,
  facts: RouteFacts,
): Promise<IteratorResult<Chunk, undefined>> {
  for (;;) {
    const next = await chunks.next();
    if (next.done || next.value.kind.case !== 'progress') return next;
    facts.note(next.value.kind.value);
  }
}

function textOf(kind: Chunk['kind'], rendering: Rendering, facts: RouteFacts): string {
  if (kind.case === 'delta') return rendering.delta(kind.value);
  return kind.case === 'done' ? rendering.done(kind.value, facts.fields()) : '';
}

/** Ollama answers a load or an unload with one JSON object, stream or not. */
function isLoad({ reason }: Done): boolean {
  return reason === 'load' || reason === 'unload';
}

function tooLong(): ClusterError {
  return new ClusterError('deadline_exceeded', `No answer takes longer than ${longestCallMs / 60_000} minutes.`);
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

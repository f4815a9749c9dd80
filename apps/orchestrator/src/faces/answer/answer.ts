import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  canonicalModel,
  ClusterError,
  type Call,
  type Clock,
  type Generate,
  type Principal,
  type Priority,
  streamOf,
  type Ticket,
  withDigest,
  withModelOptions,
} from '@tutti/core';
import type { Enter } from '../../door.ts';
import { readContext } from './request-context.ts';
import type { Rendering } from './rendering.ts';
import { createRouteFacts } from './route-facts.ts';
import { sendStream, sendWhole } from './send-answer.ts';

/** A call, and how its answer is written. */
export interface Ask {
  readonly call: Call;
  readonly stream: boolean;
  /** How the answer of that model is written. */
  readonly rendering: (model: string) => Rendering;
  /** Runs the call in another way, for example as several. */
  readonly through?: (generate: Generate) => Generate;
  /** Where in the request's body the prompt stands; left out: in its messages. */
  readonly promptField?: 'prompt' | 'input';
  /** The priority that the request's body asks for. */
  readonly priority?: Priority | undefined;
}

interface Options {
  readonly generate: Generate;
  readonly clock: Clock;
  readonly nextTicket: () => Ticket;
  readonly enter: Enter;
  /** Brings what calls only name; left out: nothing is brought. */
  readonly bring?: (generate: Generate) => Generate;
  /** How far the one who asks is from a limit, as response headers; left out: nobody has one. */
  readonly limitHeaders?: (principal: Principal) => Record<string, string>;
  /** A client that takes nothing of its answer for so long counts as gone; 30,000 by default. */
  readonly longestStallMs?: number;
  /** The model that a name stands for; left out: itself. */
  readonly modelOf?: (name: string) => string;
}

export type Answer = (request: FastifyRequest, reply: FastifyReply, ask: Ask) => Promise<void>;

/** A client that wants less says so by leaving. */
const longestCallMs = 30 * 60_000;

/** Runs calls for the faces: from the parsed request to the last byte. */
export function createAnswer({
  generate,
  clock,
  nextTicket,
  enter,
  bring,
  limitHeaders = () => ({}),
  longestStallMs = 30_000,
  modelOf = (name) => name,
}: Options): Answer {
  /** Tells of limits whether they let the request in or not. */
  const enterTold = (reply: FastifyReply, ...[cancel, principal]: Parameters<Enter>): (() => void) => {
    try {
      return enter(cancel, principal);
    } finally {
      reply.headers(limitHeaders(principal));
    }
  };

  return async (request, reply, { call: asked, stream, rendering, through, promptField, priority }) => {
    const call = withModelOptions(asked);
    const gone = new AbortController();
    const context = {
      ...readContext(request, gone.signal, nextTicket()),
      ...(priority !== undefined && { priority }),
    };
    if (reply.raw.closed) throw new ClusterError('client_closed', 'request canceled');
    const leave = enterTold(reply, (reason) => gone.abort(reason), context.principal);
    const stop = clock.after(longestCallMs, () => gone.abort(tooLong()));
    const onClose = (): void => {
      stop();
      if (!reply.raw.writableFinished) gone.abort();
      leave();
    };
    // Fires after the last byte as well, so what is still on its way counts as inside.
    reply.raw.once('close', onClose);
    const model = modelOf(call.model);
    const facts = createRouteFacts(clock, context, call.model, model);
    const noting = { ...context, onCache: facts.noteCache };
    const run = through?.(generate) ?? generate;
    const start = bring?.(run) ?? run;
    const chunks = streamOf(start(withDigest({ ...call, model: canonicalModel(model) }), noting));
    try {
      if (stream) await sendStream(reply, chunks, { facts, rendering, clock, gone, longestStallMs });
      else await sendWhole(reply, chunks, { facts, rendering, longestStallMs });
    } catch (thrown) {
      // An error that is told by the handler goes out after this; the slot must be free whatever happens.
      gone.abort();
      if (!reply.sent) reply.headers(facts.headers());
      throw aboutPrompt(thrown, promptField);
    } finally {
      await chunks.return?.();
    }
  };
}

/** An error about the length of a prompt, with the name of the field that it came in. */
function aboutPrompt(thrown: unknown, field: Ask['promptField']): unknown {
  if (field === undefined || !(thrown instanceof ClusterError)) return thrown;
  if (thrown.reason !== 'context_length_exceeded' || thrown.param !== undefined) return thrown;
  return new ClusterError(thrown.reason, thrown.message, { param: field, cause: thrown });
}

function tooLong(): ClusterError {
  return new ClusterError('deadline_exceeded', `No answer takes longer than ${longestCallMs / 60_000} minutes.`);
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import { ClusterError, type Clock } from '@tutti/core';
import { createBoundedCache } from '@tutti/core/cluster';
import { answerHash } from '../../answer-hash.ts';
import type { Answer } from './answer.ts';
import { bodyOf } from '../http/body.ts';
import type { Rendering } from './rendering.ts';

interface Options {
  readonly clock: Clock;
}

/** An answer as it went out. */
interface Sent {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request that was answered, or is being answered. */
interface First {
  /** Of what it asked for. */
  readonly fingerprint: string;
  /** Undefined: it has no answer that can be given again. */
  readonly sent: Promise<Sent | undefined>;
}

const limits = { maxBytes: 64 * 2 ** 20, ttlMs: 10 * 60_000 };

/** The most characters that an answer may have to be given again: they take two bytes each. */
const longestAnswer = 4_000_000;

const header = 'idempotency-key';
const longestKey = 255;

/**
 * Answers a request that comes again with its Idempotency-Key as it was answered before, within ten minutes, and without
 * another call. One that comes while the first is being answered waits for it. An error is no answer: whoever comes
 * again has a new try.
 */
export function idempotent({ clock }: Options, answer: Answer): Answer {
  const answered = createBoundedCache<First>({ clock, limits: () => limits });
  const running = new Map<string, First>();

  return async (request, reply, ask) => {
    const id = idOf(request);
    if (id === undefined) return answer(request, reply, ask);
    const fingerprint = fingerprintOf(request);
    const find = (): First | undefined => running.get(id) ?? answered.get(id);
    for (let known = find(); known; known = find()) {
      if (known.fingerprint !== fingerprint) throw mismatch();
      const sent = await known.sent;
      if (sent) return replay(reply, sent);
    }
    const { promise, resolve } = Promise.withResolvers<Sent | undefined>();
    const first = { fingerprint, sent: promise };
    const recording = createRecording();
    running.set(id, first);
    try {
      await answer(request, reply, { ...ask, rendering: (model) => recording.around(ask.rendering(model)) });
    } finally {
      const { body } = recording;
      if (body !== undefined) answered.set(id, first, 2 * body.length);
      running.delete(id);
      resolve(body === undefined ? undefined : { body, headers: headersOf(reply) });
    }
  };
}

/** Undefined: the request may have as many answers as it comes. */
function idOf({ headers, principal }: FastifyRequest): string | undefined {
  const key = headers[header]?.toString();
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > longestKey) {
    throw refused(`Idempotency-Key must be 1 to ${longestKey} letters, digits and signs without spaces.`);
  }
  return JSON.stringify([principal.id, key]);
}

/** All that the answer depends on: how a call is run is said by headers. */
function fingerprintOf(request: FastifyRequest): string {
  const { method, url, headers } = request;
  const wishes = Object.entries(headers).filter(([name]) => name.startsWith('x-tutti-'));
  wishes.sort(([a], [b]) => (a < b ? -1 : 1));
  return answerHash(JSON.stringify([method, url, wishes]), Buffer.from(bodyOf(request)));
}

/** What a rendering writes, for another time. */
function createRecording() {
  let pieces: string[] = [];
  let length = 0;
  let state: 'open' | 'complete' | 'lost' = 'open';

  const kept = (text: string): string => {
    pieces.push(text);
    length += text.length;
    if (length > longestAnswer) lose();
    return text;
  };
  const lose = (): void => {
    state = 'lost';
    pieces = [];
  };
  const complete = async (end: string | Promise<string>): Promise<string> => {
    const text = kept(await end);
    if (state === 'open') state = 'complete';
    return text;
  };
  const whenDone = (text: string | Promise<string>) =>
    typeof text === 'string' ? complete(text) : text.then(complete);

  return {
    around: (rendering: Rendering): Rendering => ({
      // What is told of a call that waits is no part of its answer.
      ...rendering,
      delta: (delta) => (state === 'open' ? kept(rendering.delta(delta)) : rendering.delta(delta)),
      done: (done, extra) => whenDone(rendering.done(done, extra)),
      whole: (deltas, done, extra) => whenDone(rendering.whole(deltas, done, extra)),
      failed(error) {
        lose();
        return rendering.failed(error);
      },
    }),
    /** Undefined: it is not complete, failed, or was too large. */
    get body(): string | undefined {
      return state === 'complete' ? pieces.join('') : undefined;
    },
  };
}

/** Those that say what the answer is and how it was made; the others are of the request that comes again. */
function headersOf(reply: FastifyReply): Record<string, string> {
  const given = Object.entries(reply.getHeaders()).filter(([name]) =>
    /^(content-type|cache-control|x-accel-|x-tutti-)/.test(name),
  );
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

async function replay(reply: FastifyReply, { body, headers }: Sent): Promise<void> {
  await reply.headers({ ...headers, 'idempotent-replayed': 'true' }).send(body);
}

function mismatch(): ClusterError {
  return refused('This Idempotency-Key came with another request in the last ten minutes; each request needs its own.');
}

function refused(message: string): ClusterError {
  return new ClusterError('invalid_request', message, { param: 'Idempotency-Key' });
}

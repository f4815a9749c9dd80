import type { Readable } from 'node:stream';
import { Pool, errors, type Dispatcher } from 'undici';
import { abortError, ClusterError } from '@tutti/core';

/** A server that does not take the connection in time is down. */
const connectTimeoutMs = 3_000;
/** Until the first byte: a large model may load for minutes. */
const firstByteTimeoutMs = 600_000;
/** Between two reads of an answer that has begun. */
const silenceTimeoutMs = 120_000;
/** Enough for any error text; the rest of such a body is not read. */
const longestErrorBytes = 64 * 1024;

export type Body = Dispatcher.ResponseData['body'];

/** HTTP to one model server. */
export interface Http {
  /** Sends a request and returns the body of a 200 or 201; anything else is thrown as what `parseError` makes of it. */
  send(method: 'GET' | 'POST' | 'DELETE', path: string, options: SendOptions): Promise<Body>;
  /** Whether there is something at the path: 200 or 404. */
  has(path: string, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

interface SendOptions {
  /** A stream is sent as fast as the server takes it, and has all the time in the world. */
  readonly body?: string | Readable;
  readonly headers?: Record<string, string>;
  /** Aborting closes the socket, at any time. */
  readonly signal: AbortSignal;
}

/** What an answer that is no success says beside its status. */
export interface Refused {
  readonly text: string;
  /** Of `Retry-After`; undefined: there was none. */
  readonly retryAfter: string | undefined;
}

export interface HttpOptions {
  /** Paths stand under the URL's own. */
  readonly url: string;
  /** What to call the server when it does not answer. */
  readonly server: string;
  /** Go with every request. */
  readonly headers?: Record<string, string>;
  readonly parseError: (status: number, refused: Refused) => ClusterError;
}

export function createHttp({ url, server, headers: always, parseError }: HttpOptions): Http {
  const { origin, pathname } = new URL(url);
  const root = pathname.replace(/\/+$/, '');
  const pool = new Pool(origin, {
    connections: null,
    pipelining: 1,
    connect: { timeout: connectTimeoutMs },
    headersTimeout: firstByteTimeoutMs,
    bodyTimeout: silenceTimeoutMs,
    keepAliveTimeout: 30_000,
  });
  return {
    async send(method, path, { body, headers, signal }) {
      try {
        const response = await pool.request({
          method,
          path: root + path,
          signal,
          headers: { ...always, ...headers, ...(body !== undefined && { 'content-type': contentTypeOf(body) }) },
          body: body ?? null,
          ...(typeof body === 'object' && { headersTimeout: 0 }),
        });
        if (response.statusCode === 200 || response.statusCode === 201) return response.body;
        const retryAfter = response.headers['retry-after'];
        throw parseError(response.statusCode, {
          text: await beginningOf(response.body),
          retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined,
        });
      } catch (thrown) {
        throw upstreamError(thrown, signal, server);
      }
    },
    async has(path, signal) {
      try {
        const { statusCode, body } = await pool.request({
          method: 'HEAD',
          path: root + path,
          signal,
          headers: always ?? null,
        });
        await body.dump();
        if (statusCode === 200 || statusCode === 404) return statusCode === 200;
        throw parseError(statusCode, { text: '', retryAfter: undefined });
      } catch (thrown) {
        throw upstreamError(thrown, signal, server);
      }
    },
    close: () => pool.destroy(),
  };
}

function contentTypeOf(body: string | Readable): string {
  return typeof body === 'string' ? 'application/json' : 'application/octet-stream';
}

/** Anything that HTTP can throw, as ours. */
export function upstreamError(thrown: unknown, signal: AbortSignal, server = 'its server'): ClusterError {
  if (signal.aborted) return abortError(signal);
  if (thrown instanceof ClusterError) return thrown;
  if (thrown instanceof errors.HeadersTimeoutError || thrown instanceof errors.BodyTimeoutError) {
    return new ClusterError('upstream_timeout', 'The backend fell silent and did not go on in time.', {
      cause: thrown,
    });
  }
  const { code } = thrown as { code?: string };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new ClusterError('upstream_error', "The backend's host name is not known here; is it spelled right?", {
      cause: thrown,
    });
  }
  if (code === 'ECONNREFUSED' || code === 'EHOSTUNREACH' || thrown instanceof errors.ConnectTimeoutError) {
    return new ClusterError('upstream_error', `The backend does not take connections; is ${server} running?`, {
      cause: thrown,
    });
  }
  return new ClusterError('upstream_error', 'The connection to the backend broke.', { cause: thrown });
}

async function beginningOf(body: Body): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= longestErrorBytes) break;
  }
  return Buffer.concat(pieces).toString('utf8');
}

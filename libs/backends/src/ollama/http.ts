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

/** HTTP to one Ollama. */
export interface OllamaHttp {
  /** Sends a request and returns the body of a 200; anything else is thrown as what `parseError` makes of it. */
  send(method: 'GET' | 'POST' | 'DELETE', path: string, options: SendOptions): Promise<Body>;
  close(): Promise<void>;
}

interface SendOptions {
  readonly body?: string;
  readonly headers?: Record<string, string>;
  /** Aborting closes the socket, at any time. */
  readonly signal: AbortSignal;
}

export function createOllamaHttp(url: string, parseError: (status: number, text: string) => ClusterError): OllamaHttp {
  const pool = new Pool(url, {
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
          path,
          signal,
          headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
          body: body ?? null,
        });
        if (response.statusCode === 200) return response.body;
        throw parseError(response.statusCode, await beginningOf(response.body));
      } catch (thrown) {
        throw upstreamError(thrown, signal);
      }
    },
    close: () => pool.destroy(),
  };
}

/** Anything that HTTP can throw, as ours. */
export function upstreamError(thrown: unknown, signal: AbortSignal): ClusterError {
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
    return new ClusterError('upstream_error', 'The backend does not take connections; is Ollama running?', {
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

import type { IncomingMessage, ServerResponse } from 'node:http';
import { onAbort, type Clock } from '@tutti/core';

/** Go's server announces the length of bodies up to this size and sends longer ones in chunks. */
const bufferBytes = 2048;

/** One request and the ways of answering it. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  /** The Host header. */
  readonly host: string;
  readonly body: string;
  /** Aborted when the connection is gone before the answer is. */
  readonly signal: AbortSignal;
  /** Answers with a whole body. */
  send(status: number, contentType: string, body: string, headers?: Readonly<Record<string, string>>): void;
  json(status: number, body: string): void;
  /** Answers with a status alone. */
  status(status: number): void;
  /** Begins an answer in pieces. */
  open(status: number, contentType: string): void;
  /** Writes a piece; resolves when the client can take more, rejects when it is gone. */
  write(text: string): Promise<void>;
  /** Ends an answer in pieces with the last of them. */
  end(text: string): void;
  /** True after `destroy`. */
  readonly destroyed: boolean;
  /** Closes the connection at once; with a reset if `reset`. */
  destroy(reset?: boolean): void;
  /** Resolves when the connection is closed. */
  closed(): Promise<void>;
  /** Rejects when the client is gone first. */
  sleep(clock: Clock, delayMs: number): Promise<void>;
}

export function createExchange(request: IncomingMessage, response: ServerResponse, body: string): Exchange {
  const controller = new AbortController();
  const { signal } = controller;
  let destroyed = false;
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  const head = (status: number, headers: Record<string, string | number>): void => {
    // Go's server sends no Connection header, and its connections stay open all the same.
    response.removeHeader('Connection');
    response.writeHead(status, headers);
  };
  const send: Exchange['send'] = (status, contentType, text, headers) => {
    const length = Buffer.byteLength(text);
    const known = length <= bufferBytes && { 'Content-Length': length };
    head(status, { ...headers, 'Content-Type': contentType, ...known });
    response.end(text);
  };
  return {
    method: request.method ?? '',
    path: pathOf(request),
    host: request.headers.host ?? '',
    body,
    signal,
    send,
    json: (status, text) => send(status, 'application/json; charset=utf-8', text),
    status(status) {
      head(status, { 'Content-Length': 0 });
      response.end();
    },
    open: (status, contentType) => head(status, { 'Content-Type': contentType }),
    write(text) {
      if (signal.aborted) return Promise.reject(new Error('the client is gone'));
      return response.write(text) ? nextTurn(signal) : drained(response, signal);
    },
    end: (text) => void response.end(text),
    get destroyed() {
      return destroyed;
    },
    destroy(reset = false) {
      destroyed = true;
      if (reset) request.socket.resetAndDestroy();
      else request.socket.destroy();
    },
    closed: () => unlessGone(signal, () => () => {}).catch(() => {}),
    sleep: (clock, delayMs) => unlessGone(signal, (resolve) => clock.after(delayMs, resolve)),
  };
}

export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}

function nextTurn(signal: AbortSignal): Promise<void> {
  return unlessGone(signal, (resolve) => {
    const immediate = setImmediate(resolve);
    return () => clearImmediate(immediate);
  });
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return unlessGone(signal, (resolve) => {
    response.once('drain', resolve);
    return () => response.off('drain', resolve);
  });
}

/** Resolves when what `start` began is done; rejects, and takes that back, when the client is gone first. */
function unlessGone(signal: AbortSignal, start: (resolve: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new Error('the client is gone'));
    const cancel = start(() => {
      forget();
      resolve();
    });
    const forget = onAbort(signal, () => {
      cancel();
      reject(new Error('the client is gone'));
    });
  });
}

import { lookup } from 'node:dns/promises';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { ClusterError, onAbort, type Clock } from '@tutti/core';
import { isPublicAddress } from './public-address.ts';

/** Who may be reached, and until when. */
export interface Reach {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The addresses of a name. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  /** Whether an address may be reached. Default: those of the public internet. */
  readonly isReachable?: (address: string) => boolean;
}

/** What is wanted of an answer. */
interface Wish {
  /** As the Accept header has it. */
  readonly accept: string;
  /** What it is, for messages: "page". */
  readonly what: string;
  /** Throws for media types that are not wanted. */
  readonly expectType: (mediaType: string, host: string) => void;
  readonly mostBytes: number;
  /** Told of bytes before they are kept; may throw. */
  readonly take?: (bytes: number) => void;
}

interface Answer {
  readonly status: number;
  /** Where it leads instead. */
  readonly location?: string;
  /** In lower case, without parameters; "" if none was told. */
  readonly mediaType: string;
  readonly bytes: Buffer;
}

const mostMs = 10_000;

/**
 * Fetches what is at a URL, without going where it leads. Its name must have no address that is not reachable; what
 * takes longer than 10 s, is of the wrong type or too large is an error.
 */
export async function fetchBytes(url: URL, wish: Wish, reach: Reach): Promise<Answer> {
  const { clock, signal } = reach;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const deadline = new AbortController();
  const stop = clock.after(mostMs, () => deadline.abort(tooSlow(host, wish)));
  const leave = (): void => deadline.abort(new ClusterError('client_closed', `Nobody waits for the ${wish.what}.`));
  const forget = onAbort(signal, leave);
  try {
    const address = await unlessAborted(addressOf(host, reach), deadline.signal);
    return await fetchFrom(address, { url, host, wish, signal: deadline.signal });
  } finally {
    stop();
    forget();
  }
}

/** The address of a host, all of whose addresses must be reachable. */
async function addressOf(
  host: string,
  { resolve = addressesOf, isReachable = isPublicAddress }: Reach,
): Promise<string> {
  const found = isIP(host) ? [host] : await resolve(host).catch(() => []);
  const [address] = found;
  if (address === undefined) throw new ClusterError('node_unreachable', `There is no host "${host}".`);
  if (!found.every(isReachable)) throw new ClusterError('forbidden', `"${host}" is not in the public internet.`);
  return address;
}

/** Looking up a name cannot be stopped; it need not be waited for. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const forget = onAbort(signal, () => reject(signal.reason));
  try {
    return await Promise.race([work, promise]);
  } finally {
    forget();
  }
}

interface Request {
  readonly url: URL;
  readonly host: string;
  readonly wish: Wish;
  /** Aborts with a ClusterError. */
  readonly signal: AbortSignal;
}

function fetchFrom(address: string, { url, host, wish, signal }: Request): Promise<Answer> {
  return new Promise((fulfil, reject) => {
    // The address that was looked at is the one that is connected to, whatever the name says by then.
    const pinned: RequestOptions['lookup'] = (_name, { all }, callback) => {
      const family = isIP(address);
      if (all) callback(null, [{ address, family }]);
      else callback(null, address, family);
    };
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const headers = { accept: wish.accept, 'user-agent': 'tutti', 'accept-encoding': 'identity' };
    const request = send(url, { agent: false, lookup: pinned, headers });
    const settle = onAbort(signal, () => void request.destroy(signal.reason as ClusterError));
    const fail = (thrown: unknown): void => {
      settle();
      reject(thrown instanceof ClusterError ? thrown : broken(host, wish, thrown));
    };
    request.on('error', fail);
    request.on('response', (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      const mediaType = (answered['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
      response.on('error', fail);
      if (status >= 300 && status < 400 && answered.location !== undefined) {
        settle();
        request.destroy();
        return fulfil({ status, location: answered.location, mediaType, bytes: Buffer.alloc(0) });
      }
      bytesOf(response, mediaType, host, wish).then(
        (bytes) => (settle(), fulfil({ status, mediaType, bytes })),
        (thrown: unknown) => {
          request.destroy();
          fail(thrown);
        },
      );
    });
    request.end();
  });
}

async function bytesOf(response: IncomingMessage, mediaType: string, host: string, wish: Wish): Promise<Buffer> {
  wish.expectType(mediaType, host);
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > wish.mostBytes) {
      throw new ClusterError('too_large', `The ${wish.what} has more than ${wish.mostBytes} bytes.`);
    }
    wish.take?.(piece.length);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function addressesOf(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

function tooSlow(host: string, { what }: Wish): ClusterError {
  return new ClusterError('upstream_timeout', `"${host}" did not send the ${what} within ${mostMs} ms.`);
}

function broken(host: string, { what }: Wish, cause: unknown): ClusterError {
  return new ClusterError('node_unreachable', `"${host}" did not send the ${what}.`, { cause });
}

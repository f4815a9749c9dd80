import { lookup } from 'node:dns/promises';
import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP } from 'node:net';
import { ClusterError, onAbort, type Clock } from '@tutti/core';
import { isPublicAddress } from './public-address.ts';

export interface PageOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The addresses of a name. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  /** Whether an address may be reached. Default: those of the public internet. */
  readonly isReachable?: (address: string) => boolean;
}

interface Page {
  readonly status: number;
  /** Where it leads instead. */
  readonly location?: string;
  readonly text: string;
}

const mostMs = 10_000;
const mostBytes = 1_000_000;

/** Fetches one page, without going where it leads. Its name must have no address that is not reachable. */
export async function fetchPage(url: URL, options: PageOptions): Promise<Page> {
  const { clock, signal, resolve = addressesOf, isReachable = isPublicAddress } = options;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host) ? [host] : await resolve(host).catch(() => []);
  const [address] = found;
  if (address === undefined) throw new ClusterError('node_unreachable', `There is no host "${host}".`);
  if (!found.every(isReachable)) throw new ClusterError('forbidden', `"${host}" is not in the public internet.`);
  return new Promise((fulfil, reject) => {
    // The address that was looked at is the one that is connected to, whatever the name says by then.
    const pinned: RequestOptions['lookup'] = (_name, { all }, callback) => {
      const family = isIP(address);
      if (all) callback(null, [{ address, family }]);
      else callback(null, address, family);
    };
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const headers = { accept: 'text/*, application/json;q=0.9', 'user-agent': 'tutti', 'accept-encoding': 'identity' };
    const request = send(url, { agent: false, lookup: pinned, headers });
    const stop = (error: ClusterError): void => void request.destroy(error);
    const endTimer = clock.after(mostMs, () => stop(tooSlow(host)));
    const forget = onAbort(signal, () => stop(new ClusterError('client_closed', 'Nobody waits for the page.')));
    const settle = (): void => (endTimer(), forget());
    const fail = (thrown: unknown): void => {
      settle();
      reject(thrown instanceof ClusterError ? thrown : broken(host, thrown));
    };
    request.on('error', fail);
    request.on('response', (response) => {
      const { statusCode: status = 0, headers: answered } = response;
      response.on('error', fail);
      if (status >= 300 && status < 400 && answered.location !== undefined) {
        settle();
        request.destroy();
        return fulfil({ status, location: answered.location, text: '' });
      }
      textOf(response, host).then(
        (text) => (settle(), fulfil({ status, text })),
        (thrown: unknown) => {
          request.destroy();
          fail(thrown);
        },
      );
    });
    request.end();
  });
}

async function textOf(response: IncomingMessage, host: string): Promise<string> {
  const type = response.headers['content-type'] ?? 'text/plain';
  if (!/^(text\/|application\/([\w.-]+\+)?(json|xml))/i.test(type)) {
    throw new ClusterError('unsupported_media', `"${host}" sends ${type.slice(0, 60)}, which is no text.`);
  }
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > mostBytes) throw new ClusterError('too_large', `The page has more than ${mostBytes} bytes.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

async function addressesOf(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

function tooSlow(host: string): ClusterError {
  return new ClusterError('upstream_timeout', `"${host}" did not send the page within ${mostMs} ms.`);
}

function broken(host: string, cause: unknown): ClusterError {
  return new ClusterError('node_unreachable', `"${host}" did not send the page.`, { cause });
}

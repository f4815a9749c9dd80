import { ClusterError } from '@tutti/core';
import { errorFrom } from './error-from.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

export interface Request {
  /** What is undefined or empty is left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The public HTTP API of an orchestrator. Whatever goes wrong is a ClusterError; `node_unreachable`: nobody is there. */
export interface Client {
  readonly url: string;
  /** The answer as it comes. */
  send(method: Method, path: string, request?: Request): Promise<Response>;
  /** The answer's JSON. */
  json<T>(method: Method, path: string, request?: Request): Promise<T>;
}

interface Options {
  readonly url: string;
  readonly key?: string | undefined;
}

export function createClient({ url, key }: Options): Client {
  const send: Client['send'] = async (method, path, { query = {}, body, headers, signal } = {}) => {
    const target = new URL(url + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== '') target.searchParams.set(name, String(value));
    }
    const response = await fetch(target, {
      method,
      headers: { ...headers, ...(key !== undefined && { authorization: `Bearer ${key}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      throw signal?.aborted ? ClusterError.from(error) : unreachable(url, error);
    });
    if (!response.ok) throw errorFrom(response.status, await response.text().catch(() => ''));
    return response;
  };
  return {
    url,
    send,
    async json<T>(method: Method, path: string, request?: Request) {
      const text = await (await send(method, path, request)).text();
      try {
        return JSON.parse(text) as T;
      } catch (cause) {
        throw new ClusterError('bad_upstream', `What answers at ${url} is no orchestrator of Tutti.`, { cause });
      }
    },
  };
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

function unreachable(url: string, error: unknown): ClusterError {
  const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
  const code = cause?.code ?? 'no connection';
  return new ClusterError('node_unreachable', `No orchestrator answers at ${url} (${code}). ${fixOf(url, code)}`, {
    cause: error,
  });
}

function fixOf(url: string, code: string): string {
  if (untrusted.has(code))
    return 'Its certificate is of an authority that is not known here: name its file with --ca-file or TUTTI_CA.';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'Its certificate is for other names: use one of those, or add this one to server.allowedHosts there.';
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG')
    return 'It does not speak TLS: use http:// in the address.';
  if (url.startsWith('http:') && ['ECONNRESET', 'UND_ERR_SOCKET', 'HPE_INVALID_CONSTANT'].includes(code))
    return 'Something is there and hangs up: if it speaks TLS, use https:// in the address.';
  return 'Start one with "tutti up", or name another with --url or TUTTI_URL.';
}

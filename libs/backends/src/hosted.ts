import { BlockList, isIP } from 'node:net';
import { cloudCapability, ClusterError, type Clock } from '@tutti/core';
import { isLoopback } from '@tutti/runtime/config';
import type { Inventory, ServerSettings } from './backend.ts';
import type { HttpOptions, Refused } from './http.ts';

/** Networks that no address on the internet belongs to. */
const privateNetworks = new BlockList();
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv6');

/** Names that only a private network knows. */
const privateNames = /^[^.]+$|\.(?:local|lan|internal|home\.arpa|localhost)$/i;

/**
 * Whether text that goes to the server leaves the cluster: unless the settings say how far it may be trusted, whatever
 * has a public name or address is a cloud.
 */
export function isCloudServer({ url, trust }: Pick<ServerSettings, 'url' | 'trust'>): boolean {
  if (trust !== undefined) return trust === 'cloud';
  const host = hostOf(url);
  const version = isIP(host);
  if (version === 0) return !isLoopback(host) && !privateNames.test(host);
  return !privateNetworks.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** Whether the server is on another machine than this one. */
export function isRemote(url: string): boolean {
  return !isLoopback(hostOf(url));
}

/** An address of IPv6 without its brackets. */
function hostOf(url: string): string {
  return new URL(url).hostname.replaceAll(/[[\]]/g, '');
}

type ParseError = (status: number, refused: Refused, now: number) => ClusterError;

/** What a server refuses. */
export interface Refusals {
  /** Makes errors of what the server says then, which may quote the key. */
  readonly parseError: HttpOptions['parseError'];
  /** What it has said of the node's key lately; undefined: nothing. */
  readonly ofKey: ClusterError | undefined;
}

/** A key that is refused once is refused for all calls: so long the node takes none. Then it tries again. */
const keyRestMs = 15_000;

export function createRefusals({ apiKey, clock }: ServerSettings & { clock: Clock }, parseError: ParseError): Refusals {
  let refused: { readonly error: ClusterError; readonly at: number } | undefined;
  return {
    parseError(status, { text, retryAfter }) {
      const told = apiKey === undefined ? text : text.replaceAll(apiKey, '***');
      const error = parseError(status, { text: told, retryAfter }, clock.wallTime());
      if (status === 401) refused = { error, at: clock.now() };
      return error;
    },
    get ofKey() {
      return refused && clock.now() - refused.at < keyRestMs ? refused.error : undefined;
    },
  };
}

interface Unread {
  readonly kind: string;
  /** Models that the server is said to have. */
  readonly wanted: readonly string[] | undefined;
  readonly cloud: boolean;
}

type ReadInventory = (signal: AbortSignal) => Promise<Inventory>;

/** Reads what a server has. While it refuses the node's key: what it is said to have, with the problem, if anybody says so. */
export function unlessRefused(refusals: Refusals, { kind, wanted, cloud }: Unread, read: ReadInventory): ReadInventory {
  const capabilities = cloud ? [cloudCapability] : [];
  return async (signal) => {
    try {
      if (refusals.ofKey) throw refusals.ofKey;
      return await read(signal);
    } catch (thrown) {
      const problem = refusals.ofKey?.message;
      if (problem === undefined || !wanted) throw thrown;
      return { backend: { kind, problem }, models: wanted.map((name) => ({ name, capabilities })), runners: [] };
    }
  };
}

/** The server's URL without a slash at its end; `usualPath` is its path if none is given. */
export function serverUrl(url: string, usualPath: string): string {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new ClusterError('invalid_request', "The model server's URL must begin with http:// or https://.");
  }
  const { origin, pathname } = new URL(url);
  return origin + (pathname.replace(/\/+$/, '') || usualPath);
}

/** The settings of a backend of that kind; `invalid_request` if there are none. */
export function neededServer(settings: ServerSettings | undefined, kind: string): ServerSettings {
  if (settings) return settings;
  throw new ClusterError(
    'invalid_request',
    `The backend "${kind}" needs the address of its server: set ${kind.toUpperCase()}_BASE_URL.`,
  );
}

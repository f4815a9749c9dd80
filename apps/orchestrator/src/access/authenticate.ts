import { BlockList, isIPv6 } from 'node:net';
import { ClusterError, localPrincipal, type Clock, type Principal } from '@tutti/core';
import { createBadKeyLimit } from './bad-key-limit.ts';
import type { KeyRing } from './key-ring.ts';
import { keyPrincipal } from './key-principal.ts';
import type { Sessions } from './sessions.ts';

/** What a request shows of who it comes from; each as it came. */
export interface Credentials {
  /** Header `authorization`. Only the scheme Bearer counts. */
  readonly authorization?: string | undefined;
  /** Header `x-api-key`. */
  readonly apiKey?: string | undefined;
  /** Value of the session's cookie. */
  readonly session?: string | undefined;
  /** Where it comes from, without a port. */
  readonly address: string;
}

/** Says who asks, for every face. Throws `unauthenticated`, in the same words whatever is wrong, or `rate_limited`. */
export type Authenticate = (credentials: Credentials) => Principal;

interface Options {
  readonly keys: Pick<KeyRing, 'verify' | 'find'>;
  readonly sessions: Pick<Sessions, 'keyOf'>;
  readonly clock: Clock;
}

/**
 * By key. All that a request shows must be good, and of one key: one good header does not cover for another. The limit
 * on wrong keys leaves right ones alone: many clients may share an address, and a secret of 256 bits is not guessed.
 */
export function createAuthenticate({ keys, sessions, clock }: Options): Authenticate {
  const countBadKey = createBadKeyLimit({ clock });
  return ({ authorization, apiKey, session, address }) => {
    const shown = [bearerOf(authorization), apiKey].filter((text) => text !== undefined && text !== '');
    const verified = shown.map((text) => keys.verify(text!));
    if (verified.includes(undefined)) {
      countBadKey(address);
      throw unauthenticated();
    }
    // A cookie outlives its session by a restart; then it is as good as none.
    const sessionKey = session === undefined ? undefined : keys.find(sessions.keyOf(session) ?? '');
    const [key, ...others] = [...verified, sessionKey].filter((found) => found !== undefined);
    if (!key || others.some((other) => other.id !== key.id)) throw unauthenticated();
    return keyPrincipal(key);
  };
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** For a server that only its own machine can reach: no key is asked for, and none is looked at. */
export const authenticateLocal: Authenticate = ({ address }) => {
  // The usual address first: this is asked at every request, and the list is slow.
  if (address === '127.0.0.1') return localPrincipal;
  if (loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) return localPrincipal;
  throw unauthenticated();
};

function bearerOf(authorization: string | undefined): string | undefined {
  return /^bearer +(.+)$/i.exec(authorization ?? '')?.[1];
}

function unauthenticated(): ClusterError {
  return new ClusterError(
    'unauthenticated',
    'A valid API key is needed here: send it as "Authorization: Bearer KEY" or "x-api-key: KEY". "tutti keys create" makes one.',
  );
}

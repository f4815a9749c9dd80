import type { X509Certificate } from 'node:crypto';
import { ClusterError } from '@tutti/core';
import type { PeerIdentity } from '../handler.ts';

/** A process that has shown a certificate of the cluster. */
export interface Peer {
  readonly identity: PeerIdentity;
  /** Milliseconds since 1970. */
  readonly validFrom: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Whom a certificate names, as the URI `spiffe://tutti/node/<id>`; undefined: none of our processes. */
export function identityIn(certificate: X509Certificate): PeerIdentity | undefined {
  const uris = (certificate.subjectAltName ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  const [, kind, id] = /^URI:spiffe:\/\/tutti\/(node|orchestrator)\/([\w.-]+)$/.exec(uris.join()) ?? [];
  if (id === undefined || (kind !== 'node' && kind !== 'orchestrator')) return undefined;
  return { kind, id, serial: certificate.serialNumber.toLowerCase() };
}

/**
 * Whom the certificate proves its owner to be, or why nobody. What TLS itself says of it is not asked: on a resumed
 * session that is what was true once.
 */
export function provenPeer(
  certificate: X509Certificate | undefined,
  authorities: readonly X509Certificate[],
): Peer | ClusterError {
  if (certificate === undefined) {
    return refusal('no certificate was shown', 'run `tutti agent --join` with a token of this cluster');
  }
  if (!authorities.some((ca) => certificate.checkIssued(ca) && certificate.verify(ca.publicKey))) {
    return refusal('the certificate shown is of another cluster', 'join this one with a token of its own');
  }
  const identity = identityIn(certificate);
  if (!identity) return refusal('the certificate shown names neither a node nor an orchestrator', 'use one that does');
  return {
    identity,
    validFrom: certificate.validFromDate.getTime(),
    expiresAt: certificate.validToDate.getTime(),
  };
}

/** Why the peer is not to be believed now; undefined: it is. */
export function objection(
  { identity, validFrom, expiresAt }: Peer,
  now: number,
  isRevoked: (identity: PeerIdentity) => boolean,
): ClusterError | undefined {
  const name = nameOf(identity);
  if (now >= expiresAt) {
    return refusal(`the certificate of ${name} expired at ${timeOf(expiresAt)}`, 'join again with a new token');
  }
  if (now < validFrom) {
    return refusal(`the certificate of ${name} is valid from ${timeOf(validFrom)} only`, 'set the clocks right');
  }
  if (isRevoked(identity)) {
    return refusal(`${name} was removed from the cluster`, 'to let it in again, join with a new token');
  }
  return undefined;
}

export function nameOf({ kind, id }: { readonly kind: string; readonly id: string }): string {
  return `${kind} ${id}`;
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

function refusal(what: string, remedy: string): ClusterError {
  return new ClusterError('unauthenticated', `${what}: ${remedy}`);
}

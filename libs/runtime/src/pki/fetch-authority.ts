import type { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { abortError, ClusterError, onAbort } from '@tutti/core';
import { fingerprintOf } from './key.ts';

export interface FetchAuthorityOptions {
  readonly host: string;
  readonly port: number;
  /** Of the authority's key, from the join token. */
  readonly fingerprint: string;
  /** 10,000 by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The certificate, as PEM, of the authority with that fingerprint, as the server shows it. Nothing is sent, and nothing is
 * proven: who has the certificate need not be who owns it. What is secret travels only over a second connection, which
 * trusts this authority and no other.
 *
 * `node_unreachable`: nobody is there, or not with TLS. `unauthenticated`: it is another cluster.
 */
export async function fetchAuthority(options: FetchAuthorityOptions): Promise<string> {
  const { host, port, fingerprint, timeoutMs = 10_000, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // Unverified on purpose: the fingerprint is compared instead, and nothing is said on this connection.
  const socket = connect({ host, port, minVersion: 'TLSv1.3', ALPNProtocols: ['h2'], rejectUnauthorized: false });
  socket.on('error', (error: NodeJS.ErrnoException) => reject(connectError(error, port)));
  socket.once('close', () => reject(connectError({ code: 'ECONNRESET' }, port)));
  socket.once('secureConnect', () => {
    const authority = authorityAbove(socket.getPeerX509Certificate(), fingerprint);
    if (authority) resolve(authority.toString());
    else reject(otherCluster());
  });
  const timer = setTimeout(() => reject(connectError({ code: 'ETIMEDOUT' }, port)), timeoutMs);
  const unlink = signal ? onAbort(signal, () => reject(abortError(signal))) : () => {};
  try {
    const authority = await promise;
    // The server is told that this is the end; it would take less for a failed handshake.
    socket.destroySoon();
    return authority;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    unlink();
  }
}

const longestChain = 5;

function authorityAbove(leaf: X509Certificate | undefined, fingerprint: string): X509Certificate | undefined {
  let certificate = leaf;
  for (let step = 0; certificate && step < longestChain; step++) {
    if (certificate.ca && fingerprintOf(certificate.publicKey) === fingerprint) return certificate;
    const issuer: X509Certificate | undefined = certificate.issuerCertificate;
    if (issuer?.fingerprint256 === certificate.fingerprint256) return undefined;
    certificate = issuer;
  }
  return undefined;
}

function otherCluster(): ClusterError {
  return new ClusterError(
    'unauthenticated',
    'this is not the cluster that the token is for: its certificate authority is another one. Check the host name; ' +
      'after its data folder was lost or replaced, create a new token there',
  );
}

const unreachable: Readonly<Record<string, (port: number) => string>> = {
  ECONNREFUSED: (port) =>
    `nothing listens on port ${port} there: start the orchestrator, and let it serve the network and not only its own machine`,
  ECONNRESET: (port) => `whoever listens on port ${port} there closed the connection without a certificate`,
  ENOTFOUND: () => 'there is no machine of that name: check the spelling, or use its IP address',
  EAI_AGAIN: () => 'the name of that machine cannot be looked up now: check the network, or use its IP address',
  ETIMEDOUT: (port) => `no answer came from port ${port} there: check the address, and that no firewall is in between`,
  EHOSTUNREACH: () => 'that machine cannot be reached from here: check the address and the network',
  ENETUNREACH: () => 'the network of that machine cannot be reached from here: check the address',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: (port) => `whoever listens on port ${port} there speaks an older TLS than 1.3`,
};

function connectError(error: { readonly code?: string | undefined }, port: number): ClusterError {
  const { code = 'unknown error' } = error;
  const message = unreachable[code]?.(port) ?? (isTls(code) ? noTls(port) : `the connection failed (${code})`);
  return new ClusterError('node_unreachable', message, { cause: error });
}

function isTls(code: string): boolean {
  return code.startsWith('ERR_SSL') || code === 'EPROTO';
}

function noTls(port: number): string {
  return (
    `port ${port} there answers without TLS: it is not an orchestrator's port for agents, or that orchestrator ` +
    'serves its own machine only'
  );
}

import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { ClusterError } from '@tutti/core';
import { readAuthorities } from './credentials.ts';
import { identityIn, nameOf } from './peer.ts';

/** Makes a channel speak TLS 1.3 with one process and no other. */
export interface ChannelTls {
  /** Certificates, PEM, of the authorities that the server's must come from. */
  readonly ca: string;
  /** Who we are, PEM; without both only methods that ask for no certificate can be called. */
  readonly key?: string;
  readonly certificate?: string;
  /** Whom the server's certificate must name. Host names and addresses do not matter. */
  readonly expected: { readonly kind: 'node' | 'orchestrator'; readonly id?: string };
}

/** `failed_precondition` if key, certificate and authority cannot be used. */
export function channelCredentials({ ca, key, certificate, expected }: ChannelTls): ChannelCredentials {
  readAuthorities(ca);
  return credentials.createFromSecureContext(contextOf(ca, key, certificate), {
    checkServerIdentity: (_host, { raw }) => mismatch(new X509Certificate(raw), expected),
  });
}

function contextOf(ca: string, key: string | undefined, cert: string | undefined) {
  try {
    return createSecureContext({ ca, minVersion: 'TLSv1.3', ...(key && cert && { key, cert }) });
  } catch (error) {
    const message = 'the key and the certificate for TLS cannot be used: put back those that belong together';
    throw new ClusterError('failed_precondition', message, { cause: error });
  }
}

/** With what the text of a mismatch begins; it is how its error is found again. */
export const mismatchStart = 'server identity: ';

function mismatch(certificate: X509Certificate, expected: ChannelTls['expected']): Error | undefined {
  const found = identityIn(certificate);
  if (found?.kind === expected.kind && found.id === (expected.id ?? found.id)) return undefined;
  const wanted = expected.id === undefined ? expected.kind : nameOf({ kind: expected.kind, id: expected.id });
  return new Error(`${mismatchStart}${found ? nameOf(found) : 'no process of the cluster'}, not ${wanted}`);
}

import { createServer } from 'node:tls';
import type { Server, TlsOptions } from 'node:tls';
import { ClusterError } from '@tutti/core';
import type { Credentials } from './credentials.ts';

/** A TLS server that asks for certificates and judges none: that is up to whoever takes its connections. */
export function createSecureServer(credentials: Credentials): Server {
  return usable(() => createServer(optionsOf(credentials)));
}

/** New connections get the new certificate; those that are open stay. */
export function setCredentials(server: Server, credentials: Credentials): void {
  usable(() => server.setSecureContext(optionsOf(credentials)));
}

/** All of them, each time: what `setSecureContext` is not told falls back to what Node likes, TLS 1.2 for one. */
function optionsOf({ key, certificate, ca }: Credentials): TlsOptions {
  return {
    key,
    cert: certificate,
    ca,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2', 'http/1.1'],
    requestCert: true,
    // Whom TLS refuses gets an alert that nobody can read. Our own check refuses each call, and says why.
    rejectUnauthorized: false,
  };
}

function usable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = 'the key and the certificate for TLS cannot be used: put back those that belong together';
    throw new ClusterError('failed_precondition', message, { cause: error });
  }
}

import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { ClusterError, type Clock } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';
import { machineNames, type Authority } from '@tutti/runtime/pki';

/** PEM texts of the certificate that clients see. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

interface Options {
  /** Two files, or "auto" for the cluster's own authority. */
  readonly tls: 'off' | 'auto' | { readonly cert: string; readonly key: string };
  readonly authority: Authority | undefined;
  /** Names of this server besides the machine's own. */
  readonly names: readonly string[];
}

/** The certificate for clients; undefined: plain HTTP. */
export async function readServerCertificate({
  tls,
  authority,
  names,
}: Options): Promise<ServerCertificate | undefined> {
  if (tls === 'off') return undefined;
  if (tls !== 'auto') {
    const [cert, key] = await Promise.all([readPem(tls.cert), readPem(tls.key)]);
    return { cert, key };
  }
  if (!authority) throw noAuthority();
  const { certificatePem, keyPem } = await authority.issueServer([...machineNames(), ...names]);
  return { cert: certificatePem, key: keyPem };
}

/** Files are looked at so often, and the authority's own certificates are made anew long before they end. */
const refreshMs = 24 * 60 * 60_000;

interface RefreshOptions {
  readonly server: Server;
  readonly read: () => Promise<ServerCertificate | undefined>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Reads the certificate anew once a day and whenever it is told to; one that cannot be used changes nothing. */
export function refreshCertificate({ server, read, clock, log }: RefreshOptions) {
  let stop = (): void => {};
  const wait = (): void => {
    stop = clock.after(refreshMs, () => void refresh());
  };
  const refresh = async (): Promise<void> => {
    stop();
    wait();
    try {
      server.setSecureContext({ ...(await read()), minVersion: 'TLSv1.2' });
    } catch (error) {
      log.error('certificate for clients not read anew; the old one stays', { error });
    }
  };
  wait();
  return { refresh: () => void refresh(), close: () => stop() };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ClusterError('failed_precondition', `${file}, named in server.tls, cannot be read.`, { cause });
  }
}

function noAuthority(): ClusterError {
  return new ClusterError(
    'failed_precondition',
    'server.tls is "auto", but only this machine can come, and it needs no certificate. Set server.host, or leave tls off.',
  );
}

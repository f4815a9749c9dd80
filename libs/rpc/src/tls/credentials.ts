import { X509Certificate } from 'node:crypto';
import { ClusterError } from '@tutti/core';

/** Who a process is on its connections, and whom it trusts; all PEM. */
export interface Credentials {
  readonly key: string;
  /** The certificate for the key, then those of its authorities. */
  readonly certificate: string;
  /** Certificates of the authorities that the other side's certificate must come from. */
  readonly ca: string;
}

/** The certificates in a PEM text. `failed_precondition` if there is none: Node would trust the system's instead. */
export function readAuthorities(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  if (!blocks) throw new ClusterError('failed_precondition', 'TLS needs the certificate of an authority to trust');
  return blocks.map((block) => new X509Certificate(block));
}

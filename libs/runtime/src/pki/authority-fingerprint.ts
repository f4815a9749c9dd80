import { X509Certificate } from 'node:crypto';
import { fingerprintOf } from './key.ts';

/** What a join token pins of the authority with that certificate. */
export function authorityFingerprint(caPem: string): string {
  return fingerprintOf(new X509Certificate(caPem).publicKey);
}

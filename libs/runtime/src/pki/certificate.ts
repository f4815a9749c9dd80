import { X509Certificate } from 'node:crypto';

/** Certificates are valid from a little before they are made: clocks differ. */
export const backdateMs = 5 * 60_000;

/** The certificates in a PEM text, in order; undefined if there is anything else in it, or none. */
export function readCertificates(pem: string): X509Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const rest = blocks.reduce((text, block) => text.replace(block, ''), pem);
  if (blocks.length === 0 || rest.trim() !== '') return undefined;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

/** When the certificate ends, in milliseconds since 1970. */
export function expiryOf(certificate: X509Certificate): number {
  return certificate.validToDate.getTime();
}

/** When it is time for the next one, in milliseconds since 1970: two thirds of its life after it was made. */
export function renewalOf(certificate: X509Certificate): number {
  const madeAt = certificate.validFromDate.getTime() + backdateMs;
  return madeAt + Math.max(0, ((expiryOf(certificate) - madeAt) * 2) / 3);
}

export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase();
}

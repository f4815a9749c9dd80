import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import { ClusterError } from '@tutti/core';
import type { Clock } from '@tutti/core';
import { backdateMs, expiryOf, readCertificates } from './certificate.ts';
import { importPrivateKey, importPublicKey, isOurKind, newPrivateKey } from './key.ts';
import { createPrivate, readPrivate } from './private-file.ts';
import { ecdsa, loadX509 } from './x509.ts';

/** Key and certificate of a certificate authority. */
export interface Root {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
}

const lifeYears = 10;

/** The authority in the file; a new one if there is no file. A file that cannot be used is never touched. */
export async function openRoot(path: string, clock: Clock): Promise<Root> {
  const text = (await readPrivate(path)) ?? (await createFile(path, clock));
  const root = readRoot(text);
  if (typeof root === 'string') throw unusable(path, root);
  if (expiryOf(root.certificate) <= clock.wallTime()) throw unusable(path, 'its certificate has expired');
  return root;
}

async function createFile(path: string, clock: Clock): Promise<string> {
  const text = await newRoot(clock);
  if (await createPrivate(path, text)) return text;
  // Another process was first.
  return (await readPrivate(path)) ?? '';
}

/** Key first, then certificate: one file, so that there is never one without the other. */
async function newRoot(clock: Clock): Promise<string> {
  const x509 = await loadX509();
  const keyPem = newPrivateKey();
  const key = createPrivateKey(keyPem);
  const publicKey = await importPublicKey(createPublicKey(key));
  const notBefore = new Date(clock.wallTime() - backdateMs);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + lifeYears);
  const { KeyUsageFlags } = x509;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    // Names differ, so that nobody takes one cluster's certificates for another's.
    name: `CN=Tutti CA ${randomBytes(4).toString('hex')}, O=Tutti`,
    notBefore,
    notAfter,
    keys: { privateKey: await importPrivateKey(key), publicKey },
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return `${keyPem}${certificate.toString('pem')}\n`;
}

/** A root, or what is wrong with the text. */
function readRoot(text: string): Root | string {
  const [keyPem = ''] = text.match(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/) ?? [];
  const certificates = readCertificates(text.replace(keyPem, ''));
  if (keyPem === '' || certificates?.length !== 1) return 'it does not hold one private key and one certificate';
  const [certificate] = certificates as [X509Certificate];
  let key: KeyObject;
  try {
    key = createPrivateKey(keyPem);
  } catch {
    return 'its private key cannot be read';
  }
  if (!isOurKind(key)) return 'its key is not an ECDSA key on P-256';
  if (!certificate.checkPrivateKey(key)) return 'its key and its certificate do not belong together';
  if (!certificate.ca || !certificate.verify(certificate.publicKey)) return 'its certificate is not an authority';
  return { key, certificate };
}

function unusable(path: string, why: string): ClusterError {
  return new ClusterError(
    'failed_precondition',
    `the certificate authority in ${path} cannot be used: ${why}. Put the file back from a backup. ` +
      'Without one, move it away and start again: a new authority is made, and every machine must join again',
  );
}

/** Serial number of a certificate, hex: 126 random bits, never negative, never with a zero in front. */
export function newSerial(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
  return bytes.toString('hex');
}

import { createHash, generateKeyPairSync } from 'node:crypto';
import type { KeyObject, webcrypto } from 'node:crypto';
import { ecdsa } from './x509.ts';

/** A fresh private key, as PEM. */
export function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: ecdsa.namedCurve });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** Whether the key is of the kind that all of ours are. */
export function isOurKind(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

export function importPrivateKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), ecdsa, false, ['sign']);
}

export function importPublicKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey('spki', publicDer(key), ecdsa, true, ['verify']);
}

/** What is pinned of a certificate authority: base64url SHA-256 of its public key. */
export function fingerprintOf(publicKey: KeyObject): string {
  return createHash('sha256').update(publicDer(publicKey)).digest('base64url');
}

/** Id of the node whose key this is. Made from the key, so that nobody can ask for another's. */
export function nodeIdOf(publicKey: KeyObject): string {
  return createHash('sha256').update(publicDer(publicKey)).digest('hex').slice(0, 32);
}

function publicDer(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { ClusterError } from '@tutti/core';
import { importPrivateKey, importPublicKey, isOurKind } from './key.ts';
import { ecdsa, loadX509 } from './x509.ts';

/** A certificate signing request, as PEM: the public half of `keyPem`, and the proof that the private half is here. */
export async function makeRequest(keyPem: string): Promise<string> {
  const { Pkcs10CertificateRequestGenerator } = await loadX509();
  const key = createPrivateKey(keyPem);
  const keys = { privateKey: await importPrivateKey(key), publicKey: await importPublicKey(createPublicKey(key)) };
  const request = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=tutti', keys, signingAlgorithm: ecdsa });
  return `${request.toString('pem')}\n`;
}

/** An honest one has about 500 characters. */
const maxRequestChars = 8_192;

/** The public key of a request, once its sender has proven to have the private one. The rest of the request is ignored. */
export async function readRequest(csrPem: string): Promise<KeyObject> {
  if (csrPem.length > maxRequestChars) throw badRequest(`it has more than ${maxRequestChars} characters`);
  const { Pkcs10CertificateRequest } = await loadX509();
  let key: KeyObject;
  let proven: boolean;
  try {
    const request = new Pkcs10CertificateRequest(csrPem);
    key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' });
    proven = await request.verify();
  } catch (error) {
    throw badRequest('it cannot be read', error);
  }
  if (!isOurKind(key)) throw badRequest('its key is not an ECDSA key on P-256');
  if (!proven) throw badRequest('its signature does not fit its key');
  return key;
}

function badRequest(why: string, cause?: unknown): ClusterError {
  const message = `the certificate signing request is refused: ${why}`;
  return new ClusterError('invalid_request', message, { param: 'csr_pem', cause });
}

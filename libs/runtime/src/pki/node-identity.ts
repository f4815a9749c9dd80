import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { ClusterError } from '@tutti/core';
import type { Clock } from '@tutti/core';
import { expiryOf, readCertificates, renewalOf, serialOf } from './certificate.ts';
import { makeRequest } from './certificate-request.ts';
import { isOurKind, newPrivateKey, nodeIdOf } from './key.ts';
import { createPrivate, ensurePrivateFolder, readPrivate, replacePrivate } from './private-file.ts';

/** What a node got when it joined. */
export interface NodeCertificate {
  /** The node's certificate, then the authority's. */
  readonly certificatePem: string;
  /** Whom the node trusts. */
  readonly caPem: string;
  /** Lower-case hex. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** When to ask for the next one, milliseconds since 1970. */
  readonly renewAt: number;
}

/** Who a machine is: a private key that never leaves its folder, and a certificate once it has joined. */
export interface NodeIdentity {
  /** Made from the key, so it is known before joining. */
  readonly nodeId: string;
  /** undefined: this machine has not joined yet. */
  readonly certificate: NodeCertificate | undefined;
  /** A certificate signing request, PEM. */
  csr(): Promise<string>;
  /** Keeps what a join or a renewal gave. `bad_upstream`: it is not for this key, or not by that authority. */
  store(given: { readonly certificatePem: string; readonly caPem: string }): Promise<void>;
  /** PEMs for a connection. `failed_precondition`: not joined yet. `unauthenticated`: the certificate has expired. */
  credentials(): { readonly key: string; readonly certificate: string; readonly ca: string };
}

/**
 * The identity that is kept in `folder`, its key made at the first time. `failed_precondition` names a file that cannot be
 * used and the way out; it is never overwritten.
 */
export async function openNodeIdentity(folder: string, { clock }: { readonly clock: Clock }): Promise<NodeIdentity> {
  await ensurePrivateFolder(folder);
  const keyPath = join(folder, 'node.key');
  const certificatePath = join(folder, 'node.pem');
  const stored = await readPrivate(certificatePath);
  const keyPem = (await readPrivate(keyPath)) ?? (await createKey(keyPath, stored !== undefined));
  const publicKey = publicKeyIn(keyPem, keyPath);
  let certificate = stored === undefined ? undefined : readStored(stored, publicKey, certificatePath);

  return {
    nodeId: nodeIdOf(publicKey),
    get certificate() {
      return certificate;
    },
    csr: () => makeRequest(keyPem),
    async store({ certificatePem, caPem }) {
      const [own] = readCertificates(certificatePem) ?? [];
      const text = [own, ...(readCertificates(caPem) ?? [])].join('');
      const given = checked(text, publicKey);
      if (typeof given === 'string') {
        throw new ClusterError('bad_upstream', `the certificate that the orchestrator gave cannot be used: ${given}`);
      }
      await replacePrivate(certificatePath, text);
      certificate = given;
    },
    credentials() {
      if (certificate === undefined) throw notJoined();
      if (certificate.expiresAt <= clock.wallTime()) throw expired(certificate.expiresAt);
      return { key: keyPem, certificate: certificate.certificatePem, ca: certificate.caPem };
    },
  };
}

async function createKey(path: string, hasCertificate: boolean): Promise<string> {
  if (hasCertificate) throw unusable(path, 'it is missing, and the certificate beside it is of no use without it');
  const keyPem = newPrivateKey();
  if (await createPrivate(path, keyPem)) return keyPem;
  // Another process was first.
  return (await readPrivate(path)) ?? '';
}

function publicKeyIn(keyPem: string, path: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(keyPem);
  } catch {
    throw unusable(path, 'it is no private key');
  }
  if (!isOurKind(key)) throw unusable(path, 'it is not an ECDSA key on P-256');
  return createPublicKey(key);
}

function readStored(text: string, publicKey: KeyObject, path: string): NodeCertificate {
  const found = checked(text, publicKey);
  if (typeof found === 'string') throw unusable(path, found);
  return found;
}

/** The certificates in `text`, the node's own first; or what is wrong with them. */
function checked(text: string, publicKey: KeyObject): NodeCertificate | string {
  const certificates = readCertificates(text);
  if (!certificates || certificates.length < 2) return "it does not hold a certificate and its authority's";
  const [own, ...authorities] = certificates as [X509Certificate, ...X509Certificate[]];
  if (!own.publicKey.equals(publicKey)) return "it is not for this machine's key";
  if (!authorities.every(({ ca }) => ca)) return 'it holds a certificate that is no authority';
  if (!authorities.some((ca) => own.verify(ca.publicKey))) return 'it was not issued by the authority that it names';
  return {
    certificatePem: text,
    caPem: authorities.join(''),
    serial: serialOf(own),
    expiresAt: expiryOf(own),
    renewAt: renewalOf(own),
  };
}

function unusable(path: string, why: string): ClusterError {
  return new ClusterError(
    'failed_precondition',
    `the identity of this machine in ${path} cannot be used: ${why}. Put the file back from a backup. Without one, ` +
      'remove node.key and node.pem and join again with a new token; it will be a new node',
  );
}

function notJoined(): ClusterError {
  return new ClusterError(
    'failed_precondition',
    'this machine has not joined a cluster yet: run `tutti token create` there, then `tutti agent --join` here',
  );
}

function expired(expiresAt: number): ClusterError {
  const day = new Date(expiresAt).toISOString();
  return new ClusterError(
    'unauthenticated',
    `the certificate of this machine expired at ${day}: join again with a new token (or set the clock right)`,
  );
}

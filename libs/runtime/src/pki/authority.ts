import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ClusterError } from '@tutti/core';
import type { Clock } from '@tutti/core';
import { backdateMs, expiryOf, renewalOf, serialOf } from './certificate.ts';
import { readRequest } from './certificate-request.ts';
import { fingerprintOf, importPrivateKey, newPrivateKey, nodeIdOf } from './key.ts';
import { ensurePrivateFolder } from './private-file.ts';
import { newSerial, openRoot } from './root.ts';
import type { Root } from './root.ts';
import { ecdsa, loadX509 } from './x509.ts';

export interface IssuedCertificate {
  /** The certificate, then the authority's. */
  readonly certificatePem: string;
  /** Lower-case hex. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** When to ask for the next one, milliseconds since 1970. */
  readonly renewAt: number;
}

export interface IssuedNodeCertificate extends IssuedCertificate {
  readonly nodeId: string;
}

export interface IssuedKeyPair extends IssuedCertificate {
  /** Made for this certificate; kept nowhere else. */
  readonly keyPem: string;
}

/** The certificate authority of a cluster. */
export interface Authority {
  readonly caPem: string;
  /** base64url SHA-256 of its public key: what join tokens carry. */
  readonly fingerprint: string;
  /**
   * A certificate for the key of a signing request, whatever names the request asks for. `invalid_request`: it cannot be
   * read, or its sender has not proven to own the key. `forbidden`: the key is not that of `nodeId`.
   */
  issueNode(csrPem: string, expected?: { readonly nodeId: string }): Promise<IssuedNodeCertificate>;
  /** A fresh key with a certificate for an orchestrator. */
  issueOrchestrator(id: string): Promise<IssuedKeyPair>;
  /** A fresh key with a certificate for HTTPS under these host names and IP addresses. */
  issueServer(names: readonly string[]): Promise<IssuedKeyPair>;
}

export interface AuthorityOptions {
  readonly clock: Clock;
  /** How long certificates that it issues are valid, in milliseconds; 90 days by default. */
  readonly lifeMs?: number;
}

const dayMs = 24 * 60 * 60_000;

/**
 * The authority that is kept in `folder`, made at the first time. `failed_precondition` names a file that cannot be used
 * and the way out; it is never overwritten.
 */
export async function openAuthority(folder: string, options: AuthorityOptions): Promise<Authority> {
  const { clock, lifeMs = 90 * dayMs } = options;
  await ensurePrivateFolder(folder);
  const root = await openRoot(join(folder, 'authority.pem'), clock);
  const issue = (subject: Subject): Promise<IssuedCertificate> => sign(root, subject, clock.wallTime(), lifeMs);
  const issueKeyPair = async (subject: Omit<Subject, 'publicKey'>): Promise<IssuedKeyPair> => {
    const keyPem = newPrivateKey();
    const publicKey = createPublicKey(createPrivateKey(keyPem));
    return { ...(await issue({ ...subject, publicKey })), keyPem };
  };
  return {
    caPem: root.certificate.toString(),
    fingerprint: fingerprintOf(root.certificate.publicKey),
    async issueNode(csrPem, expected) {
      const publicKey = await readRequest(csrPem);
      const nodeId = nodeIdOf(publicKey);
      if (expected && expected.nodeId !== nodeId) throw otherKey(expected.nodeId);
      const issued = await issue({ name: nodeId, names: [spiffe('node', nodeId)], publicKey, client: true });
      return { ...issued, nodeId };
    },
    async issueOrchestrator(id) {
      if (!/^[\w.-]{1,64}$/.test(id)) throw badName(id);
      return issueKeyPair({ name: id, names: [spiffe('orchestrator', id)], client: true });
    },
    async issueServer(names) {
      return issueKeyPair({ name: 'Tutti', names: names.map(hostName), client: false });
    },
  };
}

type Name = { readonly type: 'url' | 'dns' | 'ip'; readonly value: string };

interface Subject {
  readonly publicKey: KeyObject;
  readonly name: string;
  readonly names: readonly Name[];
  /** Whether it may open connections too, not only answer them. */
  readonly client: boolean;
}

async function sign({ key, certificate: ca }: Root, subject: Subject, now: number, lifeMs: number) {
  const x509 = await loadX509();
  const publicKey = new x509.PublicKey(subject.publicKey.export({ type: 'spki', format: 'der' }));
  const issuer = new x509.X509Certificate(ca.raw);
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const signed = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: `CN=${subject.name}, O=Tutti`,
    issuer: issuer.subjectName,
    notBefore: new Date(now - backdateMs),
    notAfter: new Date(Math.min(now + lifeMs, expiryOf(ca))),
    publicKey,
    signingKey: await importPrivateKey(key),
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(subject.client ? [serverAuth, clientAuth] : [serverAuth]),
      new x509.SubjectAlternativeNameExtension([...subject.names]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  const certificate = new X509Certificate(Buffer.from(signed.rawData));
  return {
    certificatePem: certificate.toString() + ca.toString(),
    serial: serialOf(certificate),
    expiresAt: expiryOf(certificate),
    renewAt: renewalOf(certificate),
  };
}

function spiffe(kind: 'node' | 'orchestrator', id: string): Name {
  return { type: 'url', value: `spiffe://tutti/${kind}/${id}` };
}

function hostName(name: string): Name {
  if (isIP(name)) return { type: 'ip', value: name };
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(name)) throw badName(name);
  return { type: 'dns', value: name };
}

function badName(name: string): ClusterError {
  return new ClusterError('invalid_request', `${JSON.stringify(name)} is no name that a certificate can carry`);
}

function otherKey(nodeId: string): ClusterError {
  return new ClusterError('forbidden', `the key of the certificate signing request is not that of node ${nodeId}`);
}

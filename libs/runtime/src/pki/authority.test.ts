import { execFile } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { seededRandom } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { openAuthority } from './authority.ts';
import { makeRequest } from './certificate-request.ts';
import { clockOff, temporaryFolders } from './folder.fixture.ts';
import { newPrivateKey, nodeIdOf } from './key.ts';
import { loadX509 } from './x509.ts';

const run = promisify(execFile);
const newFolder = temporaryFolders();
const clock = clockOff(0);
const yearMs = 365 * 24 * 60 * 60_000;

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
const leafOf = (pem: string) => new X509Certificate(pem);

function keyOf(keyPem: string) {
  return createPublicKey(createPrivateKey(keyPem));
}

async function openFresh(lifeMs?: number) {
  return openAuthority(await newFolder(), { clock, ...(lifeMs !== undefined && { lifeMs }) });
}

describe('an authority', () => {
  it('is made once and found again', async () => {
    const folder = await newFolder();
    const first = await openAuthority(folder, { clock });
    const again = await openAuthority(folder, { clock });
    expect(again.caPem).toBe(first.caPem);
    expect(again.fingerprint).toBe(first.fingerprint);
    expect(first.fingerprint).toMatch(/^[\w-]{43}$/);
  });

  it('is one, whoever of several that start at once makes it', async () => {
    const folder = await newFolder();
    const all = await Promise.all(Array.from({ length: 8 }, () => openAuthority(folder, { clock })));
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(1);
    expect(await readdir(folder)).toEqual(['authority.pem']);
  });

  it('is for its owner only', async () => {
    const folder = await newFolder();
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await openAuthority(folder, { clock });
    expect(await modeOf(folder)).toBe('700');
    expect(await modeOf(join(folder, 'authority.pem'))).toBe('600');
    await chmod(join(folder, 'authority.pem'), 0o644);
    await openAuthority(folder, { clock });
    expect(await modeOf(join(folder, 'authority.pem'))).toBe('600');
  });

  it('lasts ten years, and signs machines but no other authorities', async () => {
    const { caPem } = await openFresh();
    const ca = leafOf(caPem);
    expect(ca.ca).toBe(true);
    expect(ca.validToDate.getTime() - Date.now()).toBeGreaterThan(9.9 * yearMs);
    const { BasicConstraintsExtension, X509Certificate: Reader } = await loadX509();
    expect(new Reader(caPem).getExtension(BasicConstraintsExtension)).toMatchObject({ ca: true, pathLength: 0 });
  });

  it.each([
    ['half of it', (text: string) => text.slice(0, text.length / 2)],
    ['nothing', () => ''],
    ['no key', (text: string) => text.slice(text.indexOf('-----BEGIN CERTIFICATE'))],
    ['a key that was damaged', (text: string) => text.replace('MI', 'XX')],
    ["another's key", (text: string) => newPrivateKey() + text.slice(text.indexOf('-----BEGIN CERTIFICATE'))],
    ['the certificate twice', (text: string) => text + text.slice(text.indexOf('-----BEGIN CERTIFICATE'))],
    ['something else', () => 'hello'],
  ])('refuses a file that holds %s, and leaves it alone', async (_, damage) => {
    const folder = await newFolder();
    await openAuthority(folder, { clock });
    const path = join(folder, 'authority.pem');
    const damaged = damage(await readFile(path, 'utf8'));
    await writeFile(path, damaged);
    const opened = openAuthority(folder, { clock });
    await expect(opened).rejects.toMatchObject({ reason: 'failed_precondition' });
    await expect(opened).rejects.toThrow(new RegExp(`${path} cannot be used.*backup.*move it away`));
    expect(await readFile(path, 'utf8')).toBe(damaged);
  });

  it('tells that it has expired', async () => {
    const folder = await newFolder();
    await openAuthority(folder, { clock });
    await expect(openAuthority(folder, { clock: clockOff(11 * yearMs) })).rejects.toThrow(/has expired/);
  });

  it('tells that it cannot write', async () => {
    const folder = await newFolder();
    await writeFile(join(dirname(folder), 'file'), '');
    await expect(openAuthority(join(dirname(folder), 'file', 'pki'), { clock })).rejects.toMatchObject({
      reason: 'failed_precondition',
      message: expect.stringMatching(/cannot be used \(ENOTDIR\)/),
    });
  });
});

describe('a certificate', () => {
  it('names the node by its key, whatever the request asks for', async () => {
    const authority = await openFresh();
    const keyPem = newPrivateKey();
    const issued = await authority.issueNode(await makeRequest(keyPem));
    const leaf = leafOf(issued.certificatePem);
    expect(issued.nodeId).toBe(nodeIdOf(keyOf(keyPem)));
    expect(issued.nodeId).toMatch(/^[0-9a-f]{32}$/);
    expect(leaf.subjectAltName).toBe(`URI:spiffe://tutti/node/${issued.nodeId}`);
    expect(leaf.subject).toBe(`CN=${issued.nodeId}\nO=Tutti`);
    expect(leaf.publicKey.equals(keyOf(keyPem))).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.serialNumber.toLowerCase()).toBe(issued.serial);
    expect(issued.certificatePem.endsWith(authority.caPem)).toBe(true);
  });

  it('takes no name from the request', async () => {
    const authority = await openFresh();
    const x509 = await loadX509();
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=orchestrator',
      keys: await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: 'spiffe://tutti/orchestrator/o1' }]),
        new x509.BasicConstraintsExtension(true, 2, true),
      ],
    });
    const { certificatePem, nodeId } = await authority.issueNode(request.toString('pem'));
    const leaf = leafOf(certificatePem);
    expect(leaf.subjectAltName).toBe(`URI:spiffe://tutti/node/${nodeId}`);
    expect(leaf.subject).not.toContain('orchestrator');
    expect(leaf.ca).toBe(false);
  });

  it('is valid from a little before now, for ninety days, and is renewed after sixty', async () => {
    const dayMs = 24 * 60 * 60_000;
    const issued = await (await openFresh()).issueNode(await makeRequest(newPrivateKey()));
    const leaf = leafOf(issued.certificatePem);
    expect(leaf.validFromDate.getTime()).toBeLessThan(Date.now() - 4 * 60_000);
    expect(Math.round((issued.expiresAt - Date.now()) / dayMs)).toBe(90);
    expect(Math.round((issued.renewAt - Date.now()) / dayMs)).toBe(60);
    expect(leaf.validToDate.getTime()).toBe(issued.expiresAt);
  });

  it('never outlives the authority', async () => {
    const authority = await openFresh(100 * yearMs);
    const { expiresAt } = await authority.issueNode(await makeRequest(newPrivateKey()));
    expect(expiresAt).toBe(leafOf(authority.caPem).validToDate.getTime());
  });

  it('is refused to a key that is not the one expected', async () => {
    const authority = await openFresh();
    const csr = await makeRequest(newPrivateKey());
    const { nodeId } = await authority.issueNode(csr);
    expect(await authority.issueNode(csr, { nodeId })).toMatchObject({ nodeId });
    const other = authority.issueNode(await makeRequest(newPrivateKey()), { nodeId });
    await expect(other).rejects.toMatchObject({ reason: 'forbidden' });
  });

  it('is refused to garbage', async () => {
    const authority = await openFresh();
    const { caPem } = authority;
    for (const garbage of ['', 'hello', caPem, newPrivateKey(), 'x'.repeat(100_000)]) {
      await expect(authority.issueNode(garbage)).rejects.toMatchObject({
        reason: 'invalid_request',
        param: 'csr_pem',
      });
    }
  });

  it('is refused to a request in which a bit was changed', async () => {
    const authority = await openFresh();
    const good = await makeRequest(newPrivateKey());
    const der = Buffer.from(good.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    const signed = [5, 5 + der.readUInt8(4)] as const;
    const signature = [der.length - 30, der.length] as const;
    const seed = 7;
    const random = seededRandom(seed);
    for (let round = 0; round < 40; round++) {
      const [from, to] = round % 2 ? signed : signature;
      const bit = Math.floor((from + random() * (to - from)) * 8);
      const changed = Buffer.from(der);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${changed.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
      const outcome = await authority.issueNode(pem).then(
        () => 'issued',
        ({ reason }: { reason: string }) => reason,
      );
      expect(outcome, `seed ${seed}, round ${round}, bit ${bit}`).toBe('invalid_request');
    }
  });

  it('is refused to weak and foreign keys', async () => {
    const authority = await openFresh();
    const { Pkcs10CertificateRequestGenerator } = await loadX509();
    const rsa = {
      name: 'RSASSA-PKCS1-v1_5',
      hash: 'SHA-256',
      modulusLength: 1024,
      publicExponent: new Uint8Array([1, 0, 1]),
    };
    const keys = await crypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
    const request = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=x', keys, signingAlgorithm: rsa });
    await expect(authority.issueNode(request.toString('pem'))).rejects.toThrow(/not an ECDSA key on P-256/);
  });

  it('for an orchestrator comes with its key', async () => {
    const issued = await (await openFresh()).issueOrchestrator('8a-1.x');
    const leaf = leafOf(issued.certificatePem);
    expect(leaf.subjectAltName).toBe('URI:spiffe://tutti/orchestrator/8a-1.x');
    expect(leaf.checkPrivateKey(createPrivateKey(issued.keyPem))).toBe(true);
    const wrong = (await openFresh()).issueOrchestrator('a/../node/b');
    await expect(wrong).rejects.toMatchObject({ reason: 'invalid_request' });
  });

  it('for HTTPS names hosts and addresses, and no process', async () => {
    const authority = await openFresh();
    const { certificatePem } = await authority.issueServer(['box.lan', '192.168.1.7', '::1']);
    const leaf = leafOf(certificatePem);
    expect(leaf.subjectAltName).toBe('DNS:box.lan, IP Address:192.168.1.7, IP Address:0:0:0:0:0:0:0:1');
    expect(leaf.checkHost('box.lan')).toBe('box.lan');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    await expect(authority.issueServer(['a b'])).rejects.toMatchObject({ reason: 'invalid_request' });
  });

  it('passes the strict checks of openssl', async ({ skip }) => {
    const openssl = await run('openssl', ['version']).catch(() => undefined);
    if (!openssl) return skip('openssl is not installed');
    const folder = await newFolder();
    const authority = await openAuthority(folder, { clock });
    const { certificatePem } = await authority.issueNode(await makeRequest(newPrivateKey()));
    const { certificatePem: orchestrator } = await authority.issueOrchestrator('o1');
    const { certificatePem: server } = await authority.issueServer(['box.lan', '10.0.0.1']);
    const caPath = join(folder, 'ca.pem');
    await writeFile(caPath, authority.caPem);
    for (const [purposes, pem] of [
      [['sslserver', 'sslclient'], certificatePem],
      [['sslserver', 'sslclient'], orchestrator],
      [['sslserver'], server],
    ] as const) {
      const path = join(folder, 'leaf.pem');
      await writeFile(path, pem);
      for (const purpose of purposes) {
        const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', caPath, path];
        expect((await run('openssl', args)).stdout).toBe(`${path}: OK\n`);
      }
    }
    await expect(
      run('openssl', ['verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', caPath, join(folder, 'leaf.pem')]),
    ).rejects.toThrow(/unsuitable certificate purpose|Command failed/);
  });
});

describe('an id of a node', () => {
  it('differs for every key', () => {
    const ids = Array.from({ length: 20 }, () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return nodeIdOf(publicKey);
    });
    expect(new Set(ids).size).toBe(20);
  });
});

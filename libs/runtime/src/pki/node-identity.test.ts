import { readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openAuthority } from './authority.ts';
import { clockOff, temporaryFolders } from './folder.fixture.ts';
import { openNodeIdentity } from './node-identity.ts';

const newFolder = temporaryFolders();
const clock = clockOff(0);

async function joined(lifeMs?: number) {
  const folder = await newFolder();
  const authorityFolder = await newFolder();
  const authority = await openAuthority(authorityFolder, { clock, ...(lifeMs !== undefined && { lifeMs }) });
  const identity = await openNodeIdentity(folder, { clock });
  const { certificatePem } = await authority.issueNode(await identity.csr());
  await identity.store({ certificatePem, caPem: authority.caPem });
  return { folder, authorityFolder, authority, identity };
}

describe('the identity of a node', () => {
  it('has a key from the start and keeps it', async () => {
    const folder = await newFolder();
    const identity = await openNodeIdentity(folder, { clock });
    const again = await openNodeIdentity(folder, { clock });
    expect(again.nodeId).toBe(identity.nodeId);
    expect(identity.certificate).toBeUndefined();
    expect((await stat(join(folder, 'node.key'))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('tells that the machine has not joined', async () => {
    const identity = await openNodeIdentity(await newFolder(), { clock });
    expect(() => identity.credentials()).toThrow(/has not joined a cluster yet.*tutti token create/);
  });

  it('keeps the certificate that it was given', async () => {
    const { folder, authority, identity } = await joined();
    const again = await openNodeIdentity(folder, { clock });
    expect(again.certificate).toEqual(identity.certificate);
    expect(again.credentials()).toEqual(identity.credentials());
    expect(again.credentials().ca).toBe(authority.caPem);
    expect(again.credentials().certificate.endsWith(authority.caPem)).toBe(true);
    expect((await stat(join(folder, 'node.pem'))).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['node.key', 'node.pem']);
  });

  it('never lets its key out', async () => {
    const { folder, identity } = await joined();
    const key = await readFile(join(folder, 'node.key'), 'utf8');
    const [, body = ''] = key.split('\n');
    expect(await identity.csr()).not.toContain(body);
    expect(JSON.stringify(identity.certificate)).not.toContain('PRIVATE');
  });

  it('knows when to renew', async () => {
    const { identity } = await joined(90 * 60_000);
    const { renewAt = 0, expiresAt = 0 } = identity.certificate ?? {};
    expect(Math.round((renewAt - Date.now()) / 60_000)).toBe(60);
    expect(Math.round((expiresAt - Date.now()) / 60_000)).toBe(90);
  });

  it('tells that its certificate has expired, and takes a fresh one', async () => {
    const { folder, authorityFolder } = await joined(60_000);
    const late = await openNodeIdentity(folder, { clock: clockOff(61_000) });
    expect(() => late.credentials()).toThrow(/expired at 2\d{3}-.*join again with a new token/);
    const authority = await openAuthority(authorityFolder, { clock });
    const { certificatePem } = await authority.issueNode(await late.csr());
    await late.store({ certificatePem, caPem: authority.caPem });
    expect(late.credentials().certificate).toBe(certificatePem);
  });

  it('refuses what is not for its key', async () => {
    const { authority, identity } = await joined();
    const stranger = await openAuthority(await newFolder(), { clock });
    const other = await openNodeIdentity(await newFolder(), { clock });
    const { certificatePem } = await authority.issueNode(await other.csr());
    const before = identity.certificate;
    for (const [given, words] of [
      [{ certificatePem, caPem: authority.caPem }, /not for this machine's key/],
      [{ certificatePem: 'garbage', caPem: authority.caPem }, /does not hold a certificate/],
      [{ certificatePem: identity.credentials().certificate, caPem: stranger.caPem }, /not issued by the authority/],
      [{ certificatePem: identity.credentials().certificate, caPem: '' }, /does not hold a certificate/],
      [{ certificatePem: identity.credentials().certificate, caPem: certificatePem }, /is no authority/],
    ] as const) {
      await expect(identity.store(given)).rejects.toMatchObject({
        reason: 'bad_upstream',
        message: expect.stringMatching(words),
      });
    }
    expect(identity.certificate).toBe(before);
  });

  it.each([
    ['node.pem', (text: string) => text.slice(0, 300), /node\.pem cannot be used: it does not hold/],
    ['node.pem', () => '', /node\.pem cannot be used/],
    ['node.key', (text: string) => text.slice(0, 60), /node\.key cannot be used: it is no private key/],
    ['node.key', () => '', /node\.key cannot be used/],
  ])('refuses a damaged %s and leaves it alone', async (name, damage, words) => {
    const { folder } = await joined();
    const path = join(folder, name);
    const damaged = damage(await readFile(path, 'utf8'));
    await writeFile(path, damaged);
    await expect(openNodeIdentity(folder, { clock })).rejects.toMatchObject({
      reason: 'failed_precondition',
      message: expect.stringMatching(words),
    });
    expect(await readFile(path, 'utf8')).toBe(damaged);
  });

  it('tells that its key is lost, or belongs to another certificate', async () => {
    const { folder } = await joined();
    const other = await joined();
    await unlink(join(folder, 'node.key'));
    await expect(openNodeIdentity(folder, { clock })).rejects.toThrow(/node\.key cannot be used: it is missing/);
    await writeFile(join(folder, 'node.key'), await readFile(join(other.folder, 'node.key')));
    await expect(openNodeIdentity(folder, { clock })).rejects.toThrow(/node\.pem cannot be used.*not for this machine/);
  });
});

import crypto from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { openKeyRing, type KeyRing } from './key-ring.ts';
import { memoryStore, type MemoryStore } from './memory-store.fixture.ts';

const log = createLog({ service: 'test', level: 'error' });
const user = { name: 'web', role: 'user', modelsWrite: false } as const;

let folder: string;
let store: MemoryStore;
let clock: ReturnType<typeof virtualClock>;
const rings: KeyRing[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tutti-keys-'));
  store = memoryStore();
  clock = virtualClock();
});

afterEach(() => {
  for (const ring of rings.splice(0)) ring.close();
  rmSync(folder, { recursive: true });
});

async function openRing(exposed = false): Promise<KeyRing> {
  const ring = await openKeyRing({ folder, repository: store.keys, exposed, clock, log });
  rings.push(ring);
  return ring;
}

describe('a key', () => {
  it('holds once it is made, and its secret is not what is stored', async () => {
    const ring = await openRing();
    const { key, text } = await ring.make(user);
    expect(ring.verify(text)).toEqual(key);
    const [stored] = await store.keys.list();
    expect(stored).toEqual(key);
    expect(JSON.stringify(stored)).not.toContain(text.slice(15));
  });

  it('does not hold with another secret, or without one', async () => {
    const ring = await openRing();
    const { text } = await ring.make(user);
    const other = await ring.make(user);
    expect(ring.verify(text.slice(0, 15) + other.text.slice(15))).toBeUndefined();
    expect(ring.verify(text.slice(0, 15))).toBeUndefined();
    expect(ring.verify('')).toBeUndefined();
  });

  it('does not hold if what is stored of it is no HMAC', async () => {
    const ring = await openRing();
    const { key, text } = await ring.make(user);
    for (const hmac of ['', 'zz', '00', key.hmac.slice(2)]) {
      await store.keys.add({ ...key, hmac });
      await clock.advance(1_000);
      expect(ring.verify(text)).toBeUndefined();
    }
  });

  it('is checked in the same steps whatever is wrong with it: the time that takes tells nothing', async () => {
    const ring = await openRing();
    const { text } = await ring.make(user);
    const expired = await ring.make({ ...user, expiresAt: 0 });
    const hmac = vi.spyOn(crypto, 'createHmac');
    const compare = vi.spyOn(crypto, 'timingSafeEqual');
    syncBuiltinESMExports();
    const secret = text.slice(15);
    const cases = [text, `${text.slice(0, -4)}AAAA`, expired.text, `tutti_00000000_${secret}`, 'sk-1', ''];
    for (const shown of cases) ring.verify(shown);
    expect(hmac).toHaveBeenCalledTimes(cases.length);
    expect(compare).toHaveBeenCalledTimes(cases.length);
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  it('ends when its time has come', async () => {
    const ring = await openRing();
    const { key, text } = await ring.make({ ...user, expiresAt: clock.wallTime() + 1_000 });
    await clock.advance(999);
    expect(ring.verify(text)).toEqual(key);
    await clock.advance(1);
    expect(ring.verify(text)).toBeUndefined();
    expect(ring.find(key.id)).toBeUndefined();
    expect(await ring.list()).toEqual([key]);
  });

  it('ends at once when it is revoked', async () => {
    const ring = await openRing();
    const { key, text } = await ring.make(user);
    expect(await ring.revoke(key.id)).toEqual(key);
    expect(ring.verify(text)).toBeUndefined();
    expect(await ring.revoke(key.id)).toBeUndefined();
  });

  it('stays revoked when the store is being read at that moment', async () => {
    const ring = await openRing();
    const { key, text } = await ring.make(user);
    const list = store.keys.list.bind(store.keys);
    const slow = Promise.withResolvers<void>();
    store.keys.list = async () => {
      const keys = await list();
      await slow.promise;
      return keys;
    };
    const reading = ring.list();
    await ring.revoke(key.id);
    slow.resolve();
    expect(await reading).toEqual([]);
    expect(ring.verify(text)).toBeUndefined();
  });

  it('is known to another orchestrator with the same data folder within a second, and gone as soon', async () => {
    const [one, two] = [await openRing(), await openRing()];
    const { key, text } = await one.make(user);
    expect(two.verify(text)).toBeUndefined();
    await clock.advance(1_000);
    expect(two.verify(text)).toEqual(key);
    await one.revoke(key.id);
    await clock.advance(1_000);
    expect(two.verify(text)).toBeUndefined();
  });

  it('holds after a restart', async () => {
    const { text } = await (await openRing()).make(user);
    expect((await openRing()).verify(text)).toMatchObject(user);
  });

  it('of another server does not hold', async () => {
    const { text } = await (await openRing()).make(user);
    rmSync(join(folder, 'key-secret'));
    expect((await openRing()).verify(text)).toBeUndefined();
  });
});

describe('while the store is away', () => {
  it('the keys that were read last hold, and others come when it is back', async () => {
    const [one, two] = [await openRing(), await openRing()];
    const { text } = await one.make(user);
    store.away = true;
    await clock.advance(60_000);
    expect(one.verify(text)).toMatchObject(user);
    expect(two.verify(text)).toBeUndefined();
    store.away = false;
    await clock.advance(1_000);
    expect(two.verify(text)).toMatchObject(user);
  });

  it('no key is made or revoked, and that is said', async () => {
    const ring = await openRing();
    const { key, text } = await ring.make(user);
    store.away = true;
    await expect(ring.make(user)).rejects.toMatchObject({ reason: 'storage_unavailable' });
    await expect(ring.revoke(key.id)).rejects.toMatchObject({ reason: 'storage_unavailable' });
    await expect(ring.list()).rejects.toMatchObject({ reason: 'storage_unavailable' });
    expect(ring.verify(text)).toEqual(key);
  });

  it('the admin key holds, also from the start', async () => {
    const { firstAdminKey } = await openRing(true);
    store.away = true;
    expect((await openRing(true)).verify(firstAdminKey!)).toMatchObject({ role: 'admin' });
  });
});

describe('the admin key', () => {
  it('is made at the first start that other machines can see, told once, and may change models', async () => {
    expect((await openRing(false)).firstAdminKey).toBeUndefined();
    const ring = await openRing(true);
    expect(ring.verify(ring.firstAdminKey!)).toMatchObject({ name: 'admin', role: 'admin', modelsWrite: true });
    const again = await openRing(true);
    expect(again.firstAdminKey).toBeUndefined();
    expect(again.verify(ring.firstAdminKey!)).toBeDefined();
  });

  it('is not made where an admin has a key', async () => {
    await (await openRing()).make({ ...user, role: 'admin' });
    expect((await openRing(true)).firstAdminKey).toBeUndefined();
  });

  it('is made where only others have keys: somebody must be able to make more', async () => {
    const ring = await openRing();
    await ring.make(user);
    await ring.make({ ...user, role: 'admin', expiresAt: clock.wallTime() });
    expect((await openRing(true)).firstAdminKey).toBeDefined();
  });

  it('stands in a file that only its owner may read, whole', async () => {
    const { firstAdminKey } = await openRing(true);
    expect(readFileSync(join(folder, 'admin-key'), 'utf8')).toBe(`${firstAdminKey}\n`);
    for (const file of ['admin-key', 'key-secret']) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).toSorted()).toEqual(['admin-key', 'key-secret']);
  });

  it('is one, also if two processes start at once', async () => {
    const both = await Promise.all([openRing(true), openRing(true)]);
    const told = both.map((ring) => ring.firstAdminKey).filter((text) => text !== undefined);
    expect(told).toHaveLength(1);
    for (const ring of both) expect(ring.verify(told[0]!)).toBeDefined();
  });

  it('is listed, and ends only with its file', async () => {
    const ring = await openRing(true);
    const [key] = await ring.list();
    expect(key).toMatchObject({ name: 'admin' });
    await expect(ring.revoke(key!.id)).rejects.toMatchObject({ reason: 'failed_precondition' });
    expect(ring.verify(ring.firstAdminKey!)).toBeDefined();
    rmSync(join(folder, 'admin-key'));
    const next = await openRing(true);
    expect(next.verify(ring.firstAdminKey!)).toBeUndefined();
    expect(next.firstAdminKey).toBeDefined();
  });
});

it.each(['key-secret', 'admin-key'])('a damaged file %s stops the start with its name, not its text', async (file) => {
  writeFileSync(join(folder, file), 'canary');
  await expect(openRing()).rejects.toMatchObject({
    reason: 'failed_precondition',
    message: expect.stringMatching(new RegExp(`^The file ${file} (?!.*canary)`)),
  });
});

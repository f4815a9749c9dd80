import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { localPrincipal, Priority, type Principal } from '@tutti/core';
import { AccessService, type CreateKeyRequestSchema } from '@tutti/proto/tutti/v1/access';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { createLog } from '@tutti/runtime/log';
import { seededRandom } from '@tutti/testing';
import { createAccessService } from './access-service.ts';
import { joinTokenIssuer } from './join-tokens.ts';
import { guardedApp } from './guarded-app.fixture.ts';

const log = createLog({ service: 'test', level: 'error' });

let served: Awaited<ReturnType<typeof guardedApp>>;
beforeEach(async () => {
  served = await guardedApp({ exposed: true });
});
afterEach(() => served.close());

/** The service as one who asks sees it. */
function clientOf(principal: Principal | undefined, exposed = true) {
  let tokens = 0;
  const service = createAccessService({
    ...{ keys: served.keys, joinTokens: served.store.joinTokens, clock: served.clock, log, exposed },
    advertised: () => ['192.0.2.7', '192.0.2.8:50052'],
    issueJoinToken: joinTokenIssuer({
      ...{ repository: served.store.joinTokens, clock: served.clock },
      mint: () => ({ id: `t${++tokens}`, secretHash: 'ab', text: `join-${tokens}` }),
    }),
  });
  // A channel in memory names no principal; behind a real one, the guard does.
  const as = Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      (request: never, context: object) => method(request, { ...context, principal } as never),
    ]),
  );
  const channel = createMemoryChannel();
  channel.addService(AccessService, as);
  return createClient(channel, AccessService, { deadlineMs: 10_000 });
}

const admin: Principal = { ...localPrincipal, id: 'boss' };
type NewKey = MessageInitShape<typeof CreateKeyRequestSchema>;

describe('a key', () => {
  it('is made as asked, shown with its secret once, and listed without it', async () => {
    const client = clientOf(admin);
    const request = {
      ...{ name: 'ci', role: 'operator', models: ['a*'], classes: ['batch'], modelsWrite: true },
      ...{ requestsPerMinute: 60, concurrency: 2, ttlMs: 1_000 },
    };
    const { key, secret } = await client.createKey(request);
    const { ttlMs: _, ...kept } = request;
    expect(key).toMatchObject({
      ...kept,
      createdAt: '2026-01-01T00:00:00.000Z',
      expiresAt: '2026-01-01T00:00:01.000Z',
    });
    expect(served.keys.verify(secret)).toMatchObject(kept);
    const { keys } = await client.listKeys({});
    expect(keys).toContainEqual(key);
    expect(JSON.stringify(keys)).not.toContain(secret.slice(15));
    expect(JSON.stringify(keys)).not.toContain(served.keys.verify(secret)!.hmac);
  });

  it('is a user without limits and for ever if nothing else is said', async () => {
    const { key } = await clientOf(admin).createKey({ name: ' web ' });
    expect(key).toMatchObject({
      name: 'web',
      role: 'user',
      models: [],
      classes: [],
      modelsWrite: false,
      expiresAt: '',
    });
    expect(key?.requestsPerMinute).toBeUndefined();
  });

  it('is revoked once', async () => {
    const client = clientOf(admin);
    const { key, secret } = await client.createKey({ name: 'web' });
    expect((await client.revokeKey({ id: key!.id })).key).toEqual(key);
    expect(served.keys.verify(secret)).toBeUndefined();
    for (const id of [key!.id, '', 'no', '{"$gt":""}', '../admin-key']) {
      await expect(client.revokeKey({ id })).rejects.toMatchObject({ reason: 'not_found' });
    }
  });

  it.each<[NewKey, string]>([
    [{}, 'name'],
    [{ name: '  ' }, 'name'],
    [{ name: 'x'.repeat(65) }, 'name'],
    [{ name: 'a\nb' }, 'name'],
    [{ name: 'a\u202eb' }, 'name'],
    [{ name: 'x', role: 'root' }, 'role'],
    [{ name: 'x', role: '__proto__' }, 'role'],
    [{ name: 'x', models: [''] }, 'models'],
    [{ name: 'x', models: ['a b'] }, 'models'],
    [{ name: 'x', models: Array.from({ length: 101 }, (_, i) => `m${i}`) }, 'models'],
    [{ name: 'x', classes: ['admin'] }, 'classes'],
    [{ name: 'x', classes: ['toString'] }, 'classes'],
    [{ name: 'x', requestsPerMinute: 0 }, 'requestsPerMinute'],
    [{ name: 'x', requestsPerMinute: 100_001 }, 'requestsPerMinute'],
    [{ name: 'x', concurrency: -1 }, 'concurrency'],
    [{ name: 'x', ttlMs: 0 }, 'ttlMs'],
    [{ name: 'x', ttlMs: NaN }, 'ttlMs'],
    [{ name: 'x', ttlMs: Infinity }, 'ttlMs'],
  ])('of %o is refused by the name of the field', async (request, param) => {
    await expect(clientOf(admin).createKey(request)).rejects.toMatchObject({ reason: 'invalid_request', param });
    expect(await served.store.keys.list()).toEqual([]);
  });
});

describe('nobody gives more than they have', () => {
  const limitedAdmin: Principal = {
    ...{ id: 'b', name: 'b', role: 'admin', modelsWrite: false },
    ...{ models: ['a*', 'b'], classes: [Priority.BATCH, Priority.DEFAULT] },
  };
  const inside: NewKey = { name: 'x', models: ['a1'], classes: ['batch'] };

  it.each<NewKey>([
    { ...inside, modelsWrite: true },
    { ...inside, models: [] },
    { ...inside, models: ['*'] },
    { ...inside, models: ['a1', 'c'] },
    { ...inside, models: ['*a'] },
    { ...inside, models: ['b*'] },
    { ...inside, classes: [] },
    { ...inside, classes: ['batch', 'interactive'] },
  ])('%o', async (request) => {
    await expect(clientOf(limitedAdmin).createKey(request)).rejects.toMatchObject({ reason: 'forbidden' });
  });

  it.each<NewKey>([inside, { ...inside, models: ['a*', 'b', 'a*z'] }, { ...inside, role: 'admin' }])(
    'but as much: %o',
    async (request) => {
      expect((await clientOf(limitedAdmin).createKey(request)).secret).not.toBe('');
    },
  );

  it('whatever comes before: no chain of keys leads to more', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seededRandom(seed);
      const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
      let who = limitedAdmin;
      for (let step = 0; step < 20; step++) {
        const request = {
          ...{ name: 'x', role: pick(['viewer', 'user', 'operator', 'admin', '']) },
          ...{
            models: pick([[], ['*'], ['a*'], ['a1'], ['b'], ['c']]),
            classes: pick([[], ['batch'], ['interactive']]),
          },
          modelsWrite: random() < 0.3,
        };
        const made = await clientOf(who)
          .createKey(request)
          .catch(() => undefined);
        if (!made) continue;
        const { role, models, classes, modelsWrite } = served.keys.verify(made.secret)!;
        const seen = `seed ${seed} step ${step}`;
        expect(modelsWrite, seen).toBe(false);
        expect(['a*', 'a1', 'b'], seen).toEqual(expect.arrayContaining([...models!]));
        expect(classes, seen).toEqual(['batch']);
        if (role === 'admin') who = { ...limitedAdmin, models: models!, classes: [Priority.BATCH] };
      }
    }
  });

  it.each([undefined, { ...admin, role: 'operator' } as const])('and %o gives nothing at all', async (who) => {
    const client = clientOf(who);
    for (const attempt of [
      client.createKey({ name: 'x' }),
      client.listKeys({}),
      client.revokeKey({ id: 'x' }),
      client.createJoinToken({}),
      client.listJoinTokens({}),
      client.revokeJoinToken({ id: 'x' }),
    ]) {
      await expect(attempt).rejects.toMatchObject({ reason: who ? 'forbidden' : 'unauthenticated' });
    }
  });
});

describe('a join token', () => {
  it('lets one machine join for an hour if nothing else is said, and comes with the line to paste', async () => {
    const client = clientOf(admin);
    const { token, secret, command } = await client.createJoinToken({});
    expect(token).toMatchObject({ usesLeft: 1, expiresAt: '2026-01-01T01:00:00.000Z' });
    expect(secret).toBe('join-1');
    expect(command).toBe('tutti agent --join 192.0.2.7 --token join-1');
    expect(await served.store.joinTokens.find(token!.id)).toMatchObject({ secretHash: 'ab', usesLeft: 1 });
  });

  it('is listed without its secret until it has expired or is revoked', async () => {
    const client = clientOf(admin);
    const one = await client.createJoinToken({ ttlMs: 1_000, uses: 1_000 });
    const two = await client.createJoinToken({ ttlMs: 604_800_000 });
    expect((await client.listJoinTokens({})).tokens).toEqual([one.token, two.token]);
    await served.clock.advance(1_000);
    expect((await client.listJoinTokens({})).tokens).toEqual([two.token]);
    expect((await client.revokeJoinToken({ id: two.token!.id })).token).toEqual(two.token);
    expect((await client.listJoinTokens({})).tokens).toEqual([]);
    await expect(client.revokeJoinToken({ id: two.token!.id })).rejects.toMatchObject({ reason: 'not_found' });
  });

  it.each([{ ttlMs: 0 }, { ttlMs: NaN }, { ttlMs: 604_800_001 }, { uses: 0 }, { uses: 1_001 }, { uses: -1 }])(
    'of %o is refused',
    async (request) => {
      const [param] = Object.keys(request);
      await expect(clientOf(admin).createJoinToken(request)).rejects.toMatchObject({
        reason: 'invalid_request',
        param,
      });
    },
  );

  it('is not made where no machine could use it', async () => {
    await expect(clientOf(admin, false).createJoinToken({})).rejects.toMatchObject({
      reason: 'failed_precondition',
      message: expect.stringContaining('--host'),
    });
  });
});

import type { InjectOptions } from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { guardedApp } from './guarded-app.fixture.ts';
import type { KeyFacts } from './key-ring.ts';

/** What each kind of key may do, said once more: not taken from the code. */
const allowed = {
  viewer: [Permission.VIEW],
  user: [Permission.VIEW, Permission.INFER],
  operator: [Permission.VIEW, Permission.INFER, Permission.OPERATE],
  admin: [Permission.VIEW, Permission.INFER, Permission.OPERATE, Permission.ADMINISTER],
  'viewer with models:write': [Permission.VIEW, Permission.WRITE_MODELS],
} as const satisfies Record<string, readonly Permission[]>;

type KeyKind = keyof typeof allowed;
const kinds = Object.keys(allowed) as KeyKind[];

function factsOf(kind: KeyKind): KeyFacts {
  const [role] = kind.split(' ', 1) as ['viewer'];
  return { name: kind, role, modelsWrite: kind.includes('models:write') };
}

const open = await guardedApp({ exposed: false });
const exposed = await guardedApp({ exposed: true });
afterAll(() => Promise.all([open.close(), exposed.close()]));

const secrets = new Map<KeyKind, string>();
const ids = new Map<KeyKind, string>();
for (const kind of kinds) {
  const { key, text } = await exposed.keys.make(factsOf(kind));
  secrets.set(kind, text);
  ids.set(kind, key.id);
}

/** A session of its own for each request: some of them end it. */
function cookieOf(kind: KeyKind): string {
  return `tutti_session=${exposed.sessions.open(ids.get(kind)!)}`;
}

const expired = await exposed.keys.make({ ...factsOf('admin'), modelsWrite: true, expiresAt: 1 });
const revoked = await exposed.keys.make({ ...factsOf('admin'), modelsWrite: true });
const deadCookie = `tutti_session=${exposed.sessions.open(revoked.key.id)}`;
await exposed.keys.revoke(revoked.key.id);
const admin = secrets.get('admin')!;
const other = secrets.get('viewer')!;

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Headers that let nobody in. */
const bad = (): Record<string, Record<string, string>> => ({
  nothing: {},
  'a wrong secret': bearer(`${admin.slice(0, -4)}AAAA`),
  'an unknown id': bearer(`tutti_00000000${admin.slice(14)}`),
  'no key at all': bearer('sk-1234'),
  'another scheme': { authorization: `Basic ${admin}` },
  'an expired key': bearer(expired.text),
  'a revoked key': bearer(revoked.text),
  'a revoked key, x-api-key': { 'x-api-key': revoked.text },
  "a revoked key's session": { cookie: deadCookie },
  'an unknown session': { cookie: 'tutti_session=abc' },
  'two sessions': { cookie: `${cookieOf('admin')}; ${cookieOf('admin')}` },
  'two keys': { ...bearer(admin), 'x-api-key': other },
  'a good key and a bad one': { ...bearer(admin), 'x-api-key': 'sk-1234' },
  'a bad key and a good session': { ...bearer('sk-1234'), cookie: cookieOf('admin') },
  "a key and another's session": { ...bearer(admin), cookie: cookieOf('viewer') },
});

let calls = 0;

/** Each from an address of its own, all of them loopback: wrong keys are counted by address. */
function ask(server: typeof open, route: InjectOptions, headers: Record<string, string> = {}) {
  calls += 1;
  const remoteAddress = `127.${(calls >> 16) & 255}.${(calls >> 8) & 255}.${calls & 255}`;
  return server.app.inject({ ...route, remoteAddress, headers: { host: 'localhost', ...headers } });
}

type Outcome = 'let in' | 'who?' | 'may not';

function outcomeOf({ statusCode }: { readonly statusCode: number }): Outcome {
  if (statusCode === 401) return 'who?';
  return statusCode === 403 ? 'may not' : 'let in';
}

const routes = exposed.routes
  .flatMap(({ method, url, config }) =>
    [method].flat().map((verb) => ({
      route: { method: verb as 'GET', url: url.replaceAll(/:\w+|\*/g, 'x') },
      name: `${verb} ${url}`,
      permission: config!.permission!,
    })),
  )
  // Public, and yet it asks for a key: session.test.ts.
  .filter(({ name }) => name !== 'POST /api/session');

it('covers the routes of every face and every permission', () => {
  const names = routes.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['GET /', 'HEAD /api/tags', 'POST /v1/chat/completions']));
  expect(names).toEqual(expect.arrayContaining(['DELETE /api/keys/:id', 'POST /tutti.v1.AccessService/CreateKey']));
  const all = [...Object.values(allowed).flat(), Permission.PUBLIC];
  expect(new Set(routes.map(({ permission }) => permission))).toEqual(new Set(all));
});

describe.each(routes)('$name', ({ route, permission }) => {
  const isPublic = permission === Permission.PUBLIC;

  it('lets nobody in who shows nothing good', async () => {
    for (const [name, headers] of Object.entries(bad())) {
      const outcome = outcomeOf(await ask(exposed, route, headers));
      expect({ [name]: outcome }).toEqual({ [name]: isPublic ? 'let in' : 'who?' });
    }
  });

  it.each(kinds)('lets in a key of a %s as its role says, however it is sent', async (kind) => {
    const expected = isPublic || allowed[kind].some((has) => has === permission) ? 'let in' : 'may not';
    const key = secrets.get(kind)!;
    const carriers: Record<string, Record<string, string>> = {
      bearer: bearer(key),
      'x-api-key': { 'x-api-key': key },
      cookie: { cookie: cookieOf(kind) },
      all: { ...bearer(key), 'x-api-key': key, cookie: cookieOf(kind) },
    };
    for (const [carrier, headers] of Object.entries(carriers)) {
      expect({ [carrier]: outcomeOf(await ask(exposed, route, headers)) }).toEqual({ [carrier]: expected });
    }
  });

  it('refuses a key in the URL, and does not repeat it', async () => {
    const { statusCode, body } = await ask(exposed, { ...route, url: `${route.url}?api_key=${admin}` });
    expect(statusCode).toBe(400);
    expect(body).not.toContain(admin);
  });

  it('needs no key on its own machine, and any key does', async () => {
    for (const headers of [{}, bearer('sk-dummy'), { 'x-api-key': admin }, { cookie: 'tutti_session=abc' }]) {
      expect(outcomeOf(await ask(open, route, headers))).toBe('let in');
    }
  });
});

import { describe, expect, it } from 'vitest';
import { localPrincipal, Priority, type ClusterError, type KeyRecord } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { authenticateLocal, createAuthenticate, type Credentials } from './authenticate.ts';

const key: KeyRecord = {
  id: '0123abcd',
  name: 'web',
  hmac: '',
  role: 'user',
  models: ['a*'],
  classes: ['batch', 'unheard-of'],
  modelsWrite: false,
  createdAt: 0,
};

const clock = virtualClock();
const keys = {
  verify: (text: string) => (text === 'good' ? key : undefined),
  find: (id: string) => (id === key.id ? key : undefined),
};
const sessions = { keyOf: (secret: string) => (secret === 'open' ? key.id : undefined) };

function setUp() {
  const authenticate = createAuthenticate({ keys, sessions, clock });
  /** Who it is, or the reason why nobody is let in. */
  return (shown: Partial<Credentials>): unknown => {
    try {
      return authenticate({ address: '192.0.2.1', ...shown }).id;
    } catch (error) {
      return (error as ClusterError).reason;
    }
  };
}

describe('by key', () => {
  it.each<[Partial<Credentials>, string]>([
    [{ authorization: 'Bearer good' }, key.id],
    [{ authorization: 'bearer   good' }, key.id],
    [{ apiKey: 'good' }, key.id],
    [{ session: 'open' }, key.id],
    [{ authorization: 'Basic Z29vZA==', session: 'open' }, key.id],
    [{ authorization: 'Bearer ', session: 'open' }, key.id],
    [{ apiKey: 'good', session: 'of the time before the restart' }, key.id],
    [{ authorization: 'good' }, 'unauthenticated'],
    [{ authorization: 'Bearer good,good' }, 'unauthenticated'],
    [{ apiKey: 'good, good' }, 'unauthenticated'],
    [{ apiKey: 'bad', session: 'open' }, 'unauthenticated'],
    [{ session: '' }, 'unauthenticated'],
    [{}, 'unauthenticated'],
  ])('%o is %s', (shown, expected) => {
    expect(setUp()(shown)).toBe(expected);
  });

  it('gives what the key says, and nothing for what it does not understand', () => {
    const authenticate = createAuthenticate({ keys, sessions, clock });
    expect(authenticate({ apiKey: 'good', address: '' })).toEqual({
      ...{ id: key.id, name: 'web', role: 'user', modelsWrite: false, models: ['a*'] },
      classes: [Priority.BATCH],
    });
  });

  it('refuses in the same words whatever is wrong', () => {
    const authenticate = createAuthenticate({ keys, sessions, clock });
    const messages = [{}, { apiKey: 'bad' }, { session: 'no' }, { apiKey: 'bad', session: 'open' }].map((shown) => {
      try {
        return authenticate({ address: '192.0.2.1', ...shown });
      } catch (error) {
        return (error as ClusterError).message;
      }
    });
    expect(new Set(messages)).toHaveLength(1);
  });
});

describe('wrong keys', () => {
  const bad = { apiKey: 'bad' };

  it('are counted by address: ten a minute', async () => {
    const ask = setUp();
    for (let i = 0; i < 10; i++) expect(ask(bad)).toBe('unauthenticated');
    expect(ask(bad)).toBe('rate_limited');
    expect(ask({ ...bad, address: '192.0.2.2' })).toBe('unauthenticated');
    await clock.advance(60_000);
    expect(ask(bad)).toBe('unauthenticated');
  });

  it('do not shut out a right one from the same address, nor count for none at all', () => {
    const ask = setUp();
    for (let i = 0; i < 20; i++) ask(bad);
    expect(ask({ apiKey: 'good' })).toBe(key.id);
    expect(ask({})).toBe('unauthenticated');
  });

  it('of very many addresses are forgotten rather than kept', () => {
    const ask = setUp();
    for (let i = 0; i < 11; i++) ask(bad);
    for (let i = 0; i < 10_000; i++) ask({ ...bad, address: `2001:db8::${i.toString(16)}` });
    expect(ask(bad)).toBe('unauthenticated');
  });
});

describe('on its own machine', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])(
    '%s needs no key, and a key does no harm',
    (address) => {
      expect(authenticateLocal({ address })).toBe(localPrincipal);
      expect(authenticateLocal({ address, apiKey: 'dummy', authorization: 'Bearer other' })).toBe(localPrincipal);
    },
  );

  it.each(['192.0.2.1', '::2', '::ffff:192.0.2.1', ''])('%j is not let in', (address) => {
    expect(() => authenticateLocal({ address, apiKey: 'good' })).toThrow(/API key/);
  });
});

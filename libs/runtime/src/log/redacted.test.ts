import { describe, expect, test } from 'vitest';
import { isSecretName, redacted } from './redacted.ts';

const canary = 'cAnArY0123456789-_cAnArY0123456789-_cAnArY';

const pem = `-----BEGIN EC PRIVATE KEY-----\n${canary}\n-----END EC PRIVATE KEY-----`;

describe('redacted', () => {
  test.each([
    `tutti_ab12cd34_${canary}0`,
    `the key "tutti_ab_2cd34_${canary}0" is refused`,
    `tutti agent --join host --token tutti1.${canary}.${canary}`,
    `Authorization: Bearer ${canary}`,
    `{"authorization":"Basic ${canary}="}`,
    `'x-api-key': '${canary}'`,
    `X-API-Key=${canary}`,
    `cookie: ${canary}`,
    `sent Bearer ${canary} to it`,
    `mongodb://tutti:${canary}@db.local:27017/tutti`,
    `mongodb+srv://tutti:p@ss/${canary}@cluster0.local/?retryWrites=true`,
    `cannot reach http://me:${canary}@127.0.0.1:11434/api`,
    pem,
    pem.replaceAll('\n', String.raw`\n`),
    pem.slice(0, -30),
    `both ${pem} and\n${pem}`,
  ])('masks %j', (text) => {
    expect(redacted(text)).not.toContain(canary);
    expect(redacted(text)).toContain('[redacted]');
  });

  test.each([
    'node tutti_a does not answer',
    'tutti-agent-1 is ready at http://127.0.0.1:3000/health?from=a@b',
    'mongodb://db.local:27017/tutti answers',
    'basic functionality of the bearer',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'authorization is required',
  ])('leaves %j', (text) => expect(redacted(text)).toBe(text));

  test('says which key it was', () => {
    expect(redacted(`tutti_ab12cd34_${canary}0`)).toBe('tutti_ab12cd34_[redacted]');
  });

  test.each(['://', 'mongodb://', '-----BEGIN PRIVATE KEY-----', 'authorization: ', 'tutti_', 'bearer ', 'a.'])(
    'takes no long time for many of %j',
    (part) => {
      const text = `tutti${part.repeat(100_000 / part.length)}`;
      const start = performance.now();
      redacted(text);
      expect(performance.now() - start).toBeLessThan(2_000);
    },
  );
});

test.each([
  'authorization',
  'Proxy-Authorization',
  'apiKey',
  'x-api-key',
  'x_api_key',
  'joinToken',
  'password',
  'clientSecret',
  'token',
])('a field called %s is secret', (name) => expect(isSecretName(name)).toBe(true));

test.each(['tokens', 'tokensIn', 'key', 'keyId', 'passwords', 'message'])('a field called %s is not', (name) =>
  expect(isSecretName(name)).toBe(false),
);

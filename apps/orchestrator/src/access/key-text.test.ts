import { expect, it } from 'vitest';
import { containsKey, keyHmac, mintKey, parseKey } from './key-text.ts';

it('what is minted is parsed', () => {
  const { id, secret, text } = mintKey();
  expect(parseKey(text)).toEqual({ id, secret });
  expect(containsKey(`/api/tags?q=${text}&x`)).toBe(true);
});

it('no two keys are alike', () => {
  const keys = Array.from({ length: 1_000 }, mintKey);
  expect(new Set(keys.map(({ secret }) => secret))).toHaveLength(1_000);
});

const secret = 'x'.repeat(43);

it.each([
  '',
  'tutti',
  `tutti_0123abcd_${secret}x`,
  `tutti_0123abcd_${secret.slice(1)}`,
  `tutti_0123ABCD_${secret}`,
  `tutti_0123abcd-${secret}`,
  `tutti_0123abc_${secret}`,
  ` tutti_0123abcd_${secret}`,
  `tutti_0123abcd_${secret}\n`,
  `tutti_0123abcd_${secret.replace('x', "'")}`,
  `{"$gt":""}`,
  `tutti_0123abcd_${secret}`.repeat(2),
])('%j is no key', (text) => {
  expect(parseKey(text)).toBeUndefined();
});

it('what is kept depends on the secret and on the server', () => {
  const kept = keyHmac('server', secret).toString('hex');
  expect(kept).toMatch(/^[0-9a-f]{64}$/);
  expect(keyHmac('server', secret).toString('hex')).toBe(kept);
  expect(keyHmac('other', secret).toString('hex')).not.toBe(kept);
  expect(keyHmac('server', `${secret}x`).toString('hex')).not.toBe(kept);
});

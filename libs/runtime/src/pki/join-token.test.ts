import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashJoinSecret, mintJoinToken, parseJoinToken } from './join-token.ts';

const fingerprint = createHash('sha256').update('an authority').digest('base64url');
const minted = mintJoinToken(fingerprint, (bytes) => Buffer.alloc(bytes, 7));

describe('a join token', () => {
  it('carries what it was made from', () => {
    const [, id, secret = ''] = minted.text.split('.');
    expect(minted.text).toMatch(/^tutti1\.[0-9a-f]{12}\.[\w-]{32}\.[\w-]{43}$/);
    expect(parseJoinToken(minted.text)).toEqual({ id, secretHash: hashJoinSecret(secret), fingerprint });
    expect(minted.secretHash).toBe(createHash('sha256').update(secret).digest('hex'));
  });

  it('is never the same twice', () => {
    const texts = Array.from({ length: 50 }, () => mintJoinToken(fingerprint).text);
    expect(new Set(texts).size).toBe(50);
    for (const text of texts) expect(parseJoinToken(text).fingerprint).toBe(fingerprint);
  });

  it('survives how it was pasted', () => {
    const { text } = minted;
    for (const pasted of [` ${text}\n`, `"${text}"`, `${text.slice(0, 50)}\r\n  ${text.slice(50)}`]) {
      expect(parseJoinToken(pasted).id).toBe(minted.id);
    }
  });

  it('notices any wrong character', () => {
    for (let at = 'tutti1.'.length; at < minted.text.length; at++) {
      const wrong = minted.text[at] === 'a' ? 'b' : 'a';
      const text = minted.text.slice(0, at) + wrong + minted.text.slice(at + 1);
      expect(() => parseJoinToken(text), `character ${at}`).toThrow(/a character of it is wrong/);
    }
  });

  it.each([
    ['nothing', ' ', /it is empty/],
    ['a piece', minted.text.slice(0, 60), /cut off: 60 of 96 characters/],
    ['the start', 'tutti1.', /cut off: 7 of 96/],
    ['too much', `${minted.text}xyz`, /99 characters instead of 96/],
    ['a key for clients', 'sk-1234567890abcdef', /does not begin with "tutti1\."/],
    ['another version', minted.text.replace('tutti1', 'tutti2'), /update Tutti/],
  ])('tells that it got %s', (_, text, words) => {
    expect(() => parseJoinToken(text)).toThrow(words);
    expect(() => parseJoinToken(text)).toThrow(/tutti token create/);
  });

  it('repeats nothing secret', () => {
    const [, , secret = ''] = minted.text.split('.');
    for (const text of [minted.text.slice(0, 70), `${minted.text}x`, `x${minted.text}`, secret]) {
      try {
        parseJoinToken(text);
        expect.unreachable();
      } catch (error) {
        expect((error as Error).message).not.toContain(secret.slice(0, 8));
        expect(error).toMatchObject({ reason: 'invalid_request', param: 'token' });
      }
    }
  });
});

import { describe, expect, it } from 'vitest';
import { parseChat, parseEmbed, parseGenerate } from './index.ts';

describe('stream', () => {
  it.each([
    ['', true],
    [',"stream":null', true],
    [',"stream":true', true],
    [',"stream":false', false],
  ])('with %j is %s', (field, stream) => {
    expect(parseChat(`{"model":"m"${field}}`).stream).toBe(stream);
    expect(parseGenerate(`{"model":"m"${field}}`).stream).toBe(stream);
    expect(parseEmbed(`{"model":"m"${field}}`).stream).toBe(false);
  });
});

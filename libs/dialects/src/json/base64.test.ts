import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from './base64.ts';

describe('base64', () => {
  it('goes both ways', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 37) % 256);
      expect(decodeBase64(encodeBase64(bytes), 'images[0]')).toEqual(bytes);
    }
  });

  it('skips line ends', () => {
    expect(decodeBase64('aG\r\nk=\n', 'images[0]')).toEqual(Uint8Array.of(0x68, 0x69));
  });

  it.each([
    ['a', 1],
    ['aGk', 3],
    ['aGk==', 3],
    ['aG=k', 2],
    ['=aGk', 0],
    ['data:image/png;base64,aGk=', 4],
    ['aG-_', 2],
    ['====', 0],
  ])('refuses %j', (text, at) => {
    expect(() => decodeBase64(text, 'images[0]')).toThrow(`field "images[0]": illegal base64 data at input byte ${at}`);
  });
});

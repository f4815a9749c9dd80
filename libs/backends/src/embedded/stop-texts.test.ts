import { describe, expect, it } from 'vitest';
import { stopTexts } from './stop-texts.ts';

describe('stopTexts', () => {
  it('finds a stop text spread over pieces and shows nothing of it', () => {
    const stops = stopTexts(['<end>']);
    expect(['one <', 'en', 'd> two'].map((piece) => stops.push(piece))).toEqual(['one ', '', '']);
    expect(stops.found).toBe('<end>');
    expect(stops.rest()).toBe('');
  });

  it('shows what only looked like one', () => {
    const stops = stopTexts(['<end>']);
    expect(['a <e', 'lse'].map((piece) => stops.push(piece))).toEqual(['a ', '<else']);
    expect(stops.push('<en') + stops.rest()).toBe('<en');
    expect(stops.found).toBeUndefined();
  });

  it('stops at the first of several', () => {
    const stops = stopTexts(['c', 'bc', 'b']);
    expect([stops.push('abc'), stops.found]).toEqual(['a', 'bc']);
  });

  it('cuts the same wherever the pieces are cut', () => {
    const text = 'xaababaabbx and more';
    for (let size = 1; size <= text.length; size++) {
      const stops = stopTexts(['aabb', 'abc']);
      let shown = '';
      for (let at = 0; at < text.length && stops.found === undefined; at += size)
        shown += stops.push(text.slice(at, at + size));
      expect(shown, `pieces of ${size}`).toBe('xaabab');
    }
  });
});

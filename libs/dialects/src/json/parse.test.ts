import { describe, expect, it } from 'vitest';
import { seeded } from '../seeded.fixture.ts';
import { parseJson } from './parse.ts';

function faultOf(text: string): unknown {
  try {
    parseJson(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('parseJson', () => {
  it('gives what JSON.parse gives', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const text = seeded(seed).json(6);
      expect(parseJson(text), `seed ${seed}`).toEqual(JSON.parse(text));
    }
  });

  it.each([
    ['{"a":a}', 'Unexpected token "a" in JSON at position 5'],
    ['{"a":[true,fals]}', 'Unexpected token "f" in JSON at position 11'],
    ['{"b":[],"a":}', 'Unexpected token "}" in JSON at position 12'],
    ['[[],,]', 'Unexpected token "," in JSON at position 4'],
    ['{"a":"]\\"","b":]}', 'Unexpected token "]" in JSON at position 15'],
    ['[1,', 'Unexpected end of JSON input at position 3'],
    ['{"a":1,}', 'Expected double-quoted property name in JSON at position 7 (line 1 column 8)'],
    ['{"a":"x\ny"}', 'Bad control character in string literal in JSON at position 7 (line 1 column 8)'],
  ])('tells where %j is wrong', (text, message) => {
    expect(faultOf(text)).toMatchObject({ reason: 'malformed_json', message: `invalid JSON: ${message}` });
  });

  it('does not quote the text in its message', () => {
    expect(String(faultOf('{"password":"hunter2","next":oops}'))).not.toContain('hunter2');
  });

  it('always tells a position', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const { below, json, pick } = seeded(seed);
      const text = json(5);
      const at = below(text.length);
      const broken = text.slice(0, at) + pick(['', 'x', '"', '}', ']', ',', ':', '\\']) + text.slice(at + 1);
      const fault = faultOf(broken);
      if (fault === undefined) continue;
      expect(fault, `seed ${seed}: ${broken}`).toMatchObject({
        reason: 'malformed_json',
        message: expect.stringMatching(/ at position \d+/) as string,
      });
    }
  });

  it.each(['[', '{"a":'])('refuses 100,000 levels of %j at the 65th', (opening) => {
    const message = `invalid JSON: nested more than 64 levels deep at position ${64 * opening.length}`;
    expect(faultOf(opening.repeat(100_000))).toMatchObject({ reason: 'malformed_json', message });
  });

  it('counts levels, not brackets', () => {
    const brackets = JSON.stringify('['.repeat(1_000) + '\\"');
    expect(faultOf(`[${`[${brackets}],`.repeat(500)}0]`)).toBeUndefined();
    expect(faultOf('['.repeat(64) + ']'.repeat(64))).toBeUndefined();
    expect(faultOf('['.repeat(65) + ']'.repeat(65))).toBeDefined();
  });
});

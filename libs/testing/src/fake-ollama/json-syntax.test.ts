import { expect, it } from 'vitest';
import { firstJsonValue } from './json-syntax.ts';

it.each([
  ['', 'unexpected EOF'],
  ['{', 'unexpected EOF'],
  ['{"a":"b', 'unexpected EOF'],
  ['nope', "invalid character 'o' in literal null (expecting 'u')"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['{"a":"\\x"}', "invalid character 'x' in string escape code"],
  ['{"a":"\\u12g4"}', "invalid character 'g' in \\u hexadecimal character escape"],
  ['{"a":"\n"}', "invalid character '\\n' in string literal"],
  ['{"a":"\0"}', "invalid character '\\x00' in string literal"],
  ['[-]', "invalid character ']' in numeric literal"],
  ['[1.]', "invalid character ']' after decimal point in numeric literal"],
  ['[1e]', "invalid character ']' in exponent of numeric literal"],
  ['[01]', "invalid character '1' after array element"],
  ['[é]', "invalid character 'Ã' looking for beginning of value"],
])('says what is wrong with %j as Go does', (text, error) => {
  expect(firstJsonValue(text)).toEqual({ error });
});

it.each([
  [' {"a":[]} more', '{"a":[]}'],
  ['[{}, {"b": [1.5e-3, "]}", true]}]]', '[{}, {"b": [1.5e-3, "]}", true]}]'],
  ['{}{}', '{}'],
  ['"a\\"b" c', '"a\\"b"'],
  ['-0.5 x', '-0.5'],
  ['null,', 'null'],
])('reads the first value of %j and leaves the rest', (text, value) => {
  expect(firstJsonValue(text)).toEqual({ value });
});

it('is not stopped by deep nesting', () => {
  const deep = '['.repeat(200_000);
  expect(firstJsonValue(deep)).toEqual({ error: 'unexpected EOF' });
  expect(firstJsonValue(`${deep}${']'.repeat(200_000)} x`)).toEqual({ value: `${deep}${']'.repeat(200_000)}` });
});

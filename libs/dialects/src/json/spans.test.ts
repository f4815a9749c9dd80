import { describe, expect, it } from 'vitest';
import { seeded } from '../seeded.fixture.ts';
import { elements, members } from './spans.ts';
import { arrayText, objectText } from './text.ts';

describe('members', () => {
  it('gives every value as it was written, in order', () => {
    const text = ' { "10" : 1.0 , "2":[ 1,\n2 ],"a\\u0062\\"":{"x":"}"}, "10":  "\\\\" } ';
    expect(members(text)).toEqual([
      ['10', '1.0'],
      ['2', '[ 1,\n2 ]'],
      ['ab"', '{"x":"}"}'],
      ['10', '"\\\\"'],
    ]);
  });

  it('treats __proto__ as a name like any other', () => {
    const [member] = members('{"__proto__":{"polluted":true}}');
    expect(member).toEqual(['__proto__', '{"polluted":true}']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is not recursive', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(members(`{"a":${deep}}`)).toEqual([['a', deep]]);
  });

  it.each(['', '{', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":[}', '{"a":}{', '[1 2]', '{"\\x":1}', '}{'])(
    'comes to an end with %j, which is no object',
    (text) => {
      for (const scan of [members, elements]) {
        try {
          scan(text);
        } catch (error) {
          expect(error).toMatchObject({ reason: 'malformed_json' });
        }
      }
    },
  );
});

describe('members and elements', () => {
  it('find in any text the very spans that it was made of', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const { json, some, space, text } = seeded(seed);
      const pairs = some(6, () => [text(), json(4)] as const);
      const object = pairs.map(([key, raw]) => `${space()}${JSON.stringify(key)}${space()}:${space()}${raw}${space()}`);
      expect(members(`${space()}{${object.join(',') || space()}}${space()}`), `seed ${seed}`).toEqual(pairs);
      expect(members(objectText(pairs)), `seed ${seed}`).toEqual(pairs);

      const raws = pairs.map(([, raw]) => raw);
      const array = raws.map((raw) => `${space()}${raw}${space()}`);
      expect(elements(`${space()}[${array.join(',') || space()}]`), `seed ${seed}`).toEqual(raws);
      expect(elements(arrayText(raws)), `seed ${seed}`).toEqual(raws);
    }
  });
});

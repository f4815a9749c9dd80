import { describe, expect, it } from 'vitest';
import { toGrammarSchema } from './json-schema.ts';

describe('toGrammarSchema', () => {
  it('bounds what could go on for ever', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'array', items: { type: 'integer' } } },
    };
    expect(toGrammarSchema(schema, true)).toEqual({
      type: 'object',
      properties: {
        a: { type: 'string', minLength: 0, maxLength: 1000 },
        b: { type: 'array', items: { type: 'integer' }, minItems: 0, maxItems: 100 },
      },
    });
  });

  it('knows what generated schemas are made of', () => {
    const schema = {
      $ref: '#/definitions/node',
      definitions: { node: { anyOf: [{ type: ['integer', 'null'] }, { const: 'x' }, { enum: [1, 'a'] }] } },
    };
    expect(toGrammarSchema(schema, false)).toEqual({
      $ref: '#/$defs/node',
      $defs: {
        node: { oneOf: [{ oneOf: [{ type: 'integer' }, { type: 'null' }] }, { const: 'x' }, { enum: [1, 'a'] }] },
      },
    });
  });

  it('keeps bounds that are given, as far as the grammar builder can', () => {
    expect(toGrammarSchema({ type: 'string', minLength: 2, maxLength: 9 }, true)).toMatchObject({
      minLength: 2,
      maxLength: 9,
    });
    expect(toGrammarSchema({ type: 'string', maxLength: 1e6 }, true)).toMatchObject({ maxLength: 1000 });
  });

  it('passes over what it cannot hold, or refuses it when the caller is strict', () => {
    const schema = { type: 'string', pattern: '^a' };
    expect(toGrammarSchema(schema, false)).toMatchObject({ type: 'string' });
    expect(() => toGrammarSchema(schema, true)).toThrow(expect.objectContaining({ reason: 'invalid_request' }));
  });

  it.each([[null], ['text'], [[]], [false]])('refuses %j', (schema) => {
    expect(() => toGrammarSchema(schema, false)).toThrow(expect.objectContaining({ reason: 'invalid_request' }));
  });
});

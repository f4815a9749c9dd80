import { expect, it } from 'vitest';
import { schemaInstance } from './schema-instance.ts';

it.each([
  [{ type: 'string' }, 'x'],
  [{ type: 'string', minLength: 3 }, 'xxx'],
  [{ type: 'integer', minimum: 7 }, 7],
  [{ type: ['boolean', 'null'] }, true],
  [{ enum: ['b', 'a'] }, 'b'],
  [{ const: { a: 1 } }, { a: 1 }],
  [{ type: 'array', minItems: 2, items: { type: 'null' } }, [null, null]],
  [{ anyOf: [{ type: 'number' }, { type: 'string' }] }, 0],
  [{ type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } }, required: ['b'] }, { b: 'x' }],
  [{ type: 'object', properties: { a: { type: 'integer' } } }, { a: 0 }],
  [{ $defs: { city: { type: 'string' } }, properties: { to: { $ref: '#/$defs/city' } } }, { to: 'x' }],
])('%j', (schema, instance) => expect(schemaInstance(schema)).toEqual(instance));

import fc from 'fast-check';
import type { Schema } from '../schema-mismatches.ts';
import { hostileValue } from './hostile.ts';
import type { Tree } from './json-tree.ts';

type Schemas = Readonly<Record<string, Schema>>;

const deepest = 5;
const words = [
  'user',
  'text',
  'smollm2:135m',
  'all-minilm',
  'hello',
  'aGk=',
  'function',
  'f',
  'low',
  'node0',
  '{"a":1}',
  '5m',
];
const text = (value: unknown): Tree => ({ text: JSON.stringify(value) });

/** Values of the kinds that a schema names, with some of its fields; few of them make sense. */
export function fromSchema(schemas: Schemas, schema: Schema, depth = 0): fc.Arbitrary<Tree> {
  if (schema.$ref) return fromSchema(schemas, schemas[schema.$ref.split('/').at(-1)!]!, depth);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => fromSchema(schemas, choice, depth)));
  if ('const' in schema) return fc.constant(text(schema.const));
  if (schema.enum) return fc.constantFrom(...schema.enum.map(text));
  const [type, ...others] = [schema.type ?? []].flat();
  if (others.length > 0)
    return fc.oneof(...[type, ...others].map((one) => fromSchema(schemas, { ...schema, type: one! }, depth)));
  return ofType(type, schemas, schema, depth);
}

function ofType(type: string | undefined, schemas: Schemas, schema: Schema, depth: number): fc.Arbitrary<Tree> {
  switch (type) {
    case 'string':
      return fc.constantFrom(...words.map(text));
    case 'integer':
      return fc.integer({ min: 0, max: 40 }).map(text);
    case 'number':
      return fc.constantFrom(0, 0.5, 1, 8, 100).map(text);
    case 'boolean':
      return fc.boolean().map(text);
    case 'null':
      return fc.constant(text(null));
    case 'array':
      return listOf(depth < deepest ? fromSchema(schemas, schema.items ?? {}, depth + 1) : hostileValue);
    case 'object':
      return depth < deepest ? objectOf(schemas, schema, depth) : fc.constant({ text: '{}' });
    default:
      return schema.properties ? objectOf(schemas, schema, depth) : hostileValue;
  }
}

function listOf(element: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  return fc.array(element, { maxLength: 3 }).map((items) => ({ items }));
}

function objectOf(schemas: Schemas, schema: Schema, depth: number): fc.Arbitrary<Tree> {
  const { properties = {}, required = [] } = schema;
  const members = Object.entries(properties).map(([key, inner]) => {
    const member = fromSchema(schemas, inner, depth + 1).map((value): [string, Tree] => [key, value]);
    const seldom = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: member });
    return required.includes(key) ? member : seldom;
  });
  return fc.tuple(...members).map((all) => ({ members: all.filter((member) => member !== undefined) }));
}

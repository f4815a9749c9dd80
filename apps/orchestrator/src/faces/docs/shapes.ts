import { z } from 'zod';
import type { Schema } from '@tutti/rpc/openapi';
import { faces } from '../faces.ts';
import { ownShapes } from './own-shapes.ts';

const shapes = [ownShapes, ...Object.values(faces).map((face) => face.shapes)].flatMap((some) => Object.entries(some));

/** The JSON schemas of what routes take and give that are written by hand, by name. */
export function shapeSchemas(): Record<string, Schema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, shape] of shapes) registry.add(shape, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
    override({ jsonSchema }) {
      // The words say enough.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, asComponent(schema)]));
}

/** A component is known by its place. */
function asComponent(schema: Schema): Schema {
  const { $schema: _, $id: __, ...rest } = schema;
  return rest;
}

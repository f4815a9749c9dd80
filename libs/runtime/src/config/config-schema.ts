import { z } from 'zod';
import { schema } from './schema.ts';
import { settings } from './settings.ts';

/** The JSON schema of the file, for editors; served at its `$id`. */
export function configSchema(): Record<string, unknown> {
  const sections = new Set<unknown>(Object.values(schema.shape).filter((type) => type instanceof z.ZodObject));
  const byType = new Map<unknown, (typeof settings)[number]>(settings.map((setting) => [setting.type, setting]));
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    override({ zodSchema, jsonSchema }) {
      // Nothing is required, and a section whose every line is commented out is null.
      if (zodSchema === schema || sections.has(zodSchema)) delete jsonSchema.required;
      if (sections.has(zodSchema)) jsonSchema.type = ['object', 'null'] as never;
      const setting = byType.get(zodSchema);
      if (setting && !setting.usual) jsonSchema.default = setting.type.parse(undefined) as never;
    },
  });
  return { $schema, $id: '/schema/config.json', title: 'Configuration of Tutti', ...rest };
}

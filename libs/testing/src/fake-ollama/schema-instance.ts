interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** The smallest value that a JSON schema allows, for the common keywords. Required properties only, all if none is named. */
export function schemaInstance(schema: Schema, root: Schema = schema): unknown {
  if (schema.$ref !== undefined) return schemaInstance(referred(schema.$ref, root), root);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (choice !== undefined) return schemaInstance(choice, root);
  switch (typeof schema.type === 'object' ? schema.type[0] : schema.type) {
    case 'string':
      return 'x'.repeat(schema.minLength ?? 1);
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => schemaInstance(schema.items ?? {}, root));
    default:
      return objectInstance(schema, root);
  }
}

function objectInstance(schema: Schema, root: Schema): Record<string, unknown> {
  const properties = schema.properties ?? {};
  const names = schema.required ?? Object.keys(properties);
  return Object.fromEntries(names.map((name) => [name, schemaInstance(properties[name] ?? { type: 'string' }, root)]));
}

function referred(reference: string, root: Schema): Schema {
  const name = reference.split('/').at(-1) ?? '';
  return root.$defs?.[name] ?? {};
}

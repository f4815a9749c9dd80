/** As much of a JSON schema as our description uses. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly const?: unknown;
}

/** Where a value is not what a schema says, a field that the schema does not name included. */
export function mismatches(
  schemas: Readonly<Record<string, Schema>>,
  schema: Schema,
  value: unknown,
  path = '',
): string[] {
  if (schema.$ref) return mismatches(schemas, schemas[schema.$ref.split('/').at(-1)!]!, value, path);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fewest(choices.map((choice) => mismatches(schemas, choice, value, path)));
  if ('const' in schema && schema.const !== value) return [`${path} is not ${String(schema.const)}`];
  if (schema.type && ![schema.type].flat().some((type) => isOf(type, value)))
    return [`${path} is no ${schema.type.toString()}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${path} is none of ${schema.enum.join(', ')}`];
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => mismatches(schemas, schema.items ?? {}, item, `${path}[${i}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  const {
    properties = {},
    required = [],
    additionalProperties = schema.type !== 'object' || !schema.properties,
  } = schema;
  const missing = required.filter((name) => !(name in value)).map((name) => `${path}.${name} is missing`);
  const wrong = Object.entries(value).flatMap(([name, each]) => {
    const inner = properties[name] ?? additionalProperties;
    if (inner === false) return [`${path}.${name} is not described`];
    return mismatches(schemas, inner === true ? {} : inner, each, `${path}.${name}`);
  });
  return [...missing, ...wrong];
}

/** Those of the choice that comes closest. */
function fewest(each: readonly string[][]): string[] {
  return each.reduce((least, one) => (one.length < least.length ? one : least));
}

function isOf(type: string, value: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

/** The Go types of the requests, as far as their error messages go. */
export type GoType =
  | { readonly kind: 'string' | 'bool' | 'int' | 'any' }
  | { readonly kind: 'map' }
  | { readonly kind: 'list'; readonly go: string; readonly of: GoType }
  | {
      readonly kind: 'struct';
      readonly go: string;
      readonly fields: Readonly<Record<string, GoType>>;
      /** Go reads it by a decoder of its own, so that messages about what is in it name the outer struct. */
      readonly nested?: boolean;
    }
  | { readonly kind: 'custom'; readonly check: (value: unknown) => string | undefined };

interface Place {
  readonly struct: string;
  readonly path: string;
  /** Set below a nested decoder. */
  readonly fixed?: boolean;
}

/** What Go's decoder says about a parsed value of the wrong type: the first complaint in the order of the text. */
export function typeError(value: unknown, type: GoType, place?: Place): string | undefined {
  if (value === null || type.kind === 'any') return undefined;
  if (type.kind === 'custom') return type.check(value);
  const expected = goName(type);
  if (!fits(value, type)) return wrong(value, expected, place);
  if (type.kind === 'list') return firstOf(value as unknown[], (element) => typeError(element, type.of, place));
  if (type.kind !== 'struct') return undefined;
  const name = place?.fixed || (type.nested && place) ? place.struct : type.go.replace(/^api\./, '');
  const fixed = place?.fixed === true || type.nested === true;
  return firstOf(Object.entries(value as object), ([key, member]: [string, unknown]) => {
    const field = type.fields[key];
    if (field === undefined) return undefined;
    return typeError(member, field, { struct: name, path: place ? `${place.path}.${key}` : key, fixed });
  });
}

function goName(type: Exclude<GoType, { kind: 'custom' }>): string {
  if (type.kind === 'map') return 'map[string]interface {}';
  return type.kind === 'list' || type.kind === 'struct' ? type.go : type.kind;
}

function fits(value: unknown, type: GoType): boolean {
  switch (type.kind) {
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value);
    case 'list':
      return Array.isArray(value);
    default:
      return typeof value === 'object' && !Array.isArray(value);
  }
}

function wrong(value: unknown, expected: string, place: Place | undefined): string {
  const fraction = typeof value === 'number' && expected === 'int';
  const kind = fraction ? `number ${value}` : jsonKind(value);
  const target = place === undefined ? 'value' : `struct field ${place.struct}.${place.path}`;
  return `json: cannot unmarshal ${kind} into Go ${target} of type ${expected}`;
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

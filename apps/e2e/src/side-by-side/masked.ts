/** What no two servers say alike, by field: only its kind is compared. */
const masks: readonly (readonly [field: RegExp, value: RegExp, mask: string])[] = [
  [/^(created_at|modified_at|expires_at)$/, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, 'a time'],
  [/_duration$/, /^[1-9]\d*$/, 'nanoseconds'],
  [/^(created|created_at)$/, /^1[6-9]\d{8}$/, 'seconds'],
  [/^request_id$/, /^.+$/, '*'],
  [/^id$/, /(?<=^(chatcmpl|cmpl|msg|call)[-_])[\w-]+$/, '*'],
  [/^(modelfile|error)$/, /\S*\/tutti-ollama-\w+\/models/g, 'the models'],
];

/** A value without what differs at each asking. */
export function masked(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) return ordered(value).map((item) => masked(item, field));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, masked(inner, key)]));
  }
  // Ollama lists parameters in the order of a Go map: any.
  if (field === 'modelfile' || field === 'parameters') return maskedText(String(value), field).split('\n').toSorted();
  const mask = masks.find(([name, shape]) => name.test(field) && String(value).search(shape) !== -1);
  return mask ? maskedText(String(value), field) : value;
}

function maskedText(text: string, field: string): string {
  return masks.filter(([name]) => name.test(field)).reduce((left, [, shape, mask]) => left.replace(shape, mask), text);
}

/** Ollama lists models of the same second in any order. */
function ordered(items: readonly unknown[]): readonly unknown[] {
  const nameOf = (item: unknown): string => {
    const { digest, owned_by: owner, name, id } = (item ?? {}) as Record<string, unknown>;
    return digest === undefined && owner === undefined ? '' : String(name ?? id);
  };
  return items.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
}

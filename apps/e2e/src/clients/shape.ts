/** The places of a value and what stands there, for example "message.tool_calls[].id: string"; sorted, each once. */
export function shapeOf(value: unknown): string[] {
  return [...new Set(placesOf(value, ''))].toSorted();
}

function placesOf(value: unknown, at: string): string[] {
  if (Array.isArray(value)) return value.length === 0 ? [] : value.flatMap((item) => placesOf(item, `${at}[]`));
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).flatMap(([key, inner]) => placesOf(inner, at === '' ? key : `${at}.${key}`));
  }
  return [`${at}: ${value === null ? 'null' : typeof value}`];
}

export interface ShapeDifference {
  /** What only the first has. */
  readonly added: readonly string[];
  /** What only the second has. */
  readonly missing: readonly string[];
}

/** How the shape of one answer differs from that of another. */
export function shapeDifference(one: unknown, other: unknown): ShapeDifference {
  const [ones, others] = [shapeOf(one), shapeOf(other)];
  return {
    added: ones.filter((place) => !others.includes(place)),
    missing: others.filter((place) => !ones.includes(place)),
  };
}

/** A field's name as servers read it that take it in any case: of two that they take for one, the last one counts. */
export function folded(key: string): string {
  return key.toUpperCase().toLowerCase();
}

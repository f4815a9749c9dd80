const escaped = /[<>&\u2028\u2029]/;
const escapedAll = /[<>&\u2028\u2029]/g;

/** JSON as Go writes it: also `<`, `>`, `&` and the two line separators are escaped. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value);
  return escaped.test(text) ? text.replace(escapedAll, escape) : text;
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/**
 * @typedef {object} Line
 * @property {string} id
 * @property {string} time
 * @property {'error' | 'warn' | 'info' | 'debug'} level
 * @property {string} service
 * @property {string} node
 * @property {string} requestId
 * @property {string} message
 * @property {string} fieldsJson
 */

const longestSummary = 400;

/** Controls, marks that turn the direction of text, characters without width: shown, never obeyed. */
// eslint-disable-next-line no-control-regex
const treacherous = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** @type {(text: string) => string} */
export function visible(text) {
  return text.replaceAll(treacherous, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * For one row: no line breaks.
 * @type {(text: string) => string}
 */
export function oneLine(text) {
  return visible(text.slice(0, 4 * longestSummary))
    .replaceAll('\n', '⏎ ')
    .replaceAll('\t', ' ');
}

/**
 * The viewer's own time, to the millisecond.
 * @type {(time: string) => string}
 */
export function clockTime(time) {
  const date = new Date(time);
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  const day = `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${day} ${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** @type {(line: Line) => Record<string, unknown>} */
export function fieldsOf({ fieldsJson }) {
  return fieldsJson ? JSON.parse(fieldsJson) : {};
}

/** @type {(line: Line) => string} */
export function summaryOf(line) {
  const parts = Object.entries(fieldsOf(line)).map(([name, value]) => `${name}=${textOf(value)}`);
  return oneLine(parts.join(' ').slice(0, longestSummary));
}

/** @type {(value: unknown) => string} */
export function textOf(value) {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, ' ');
}

/**
 * A colour for a request: the same on every page.
 * @type {(requestId: string) => number}
 */
export function hueOf(requestId) {
  let hash = 0;
  for (const letter of requestId) hash = (hash * 31 + letter.charCodeAt(0)) % 65_521;
  return hash % 360;
}

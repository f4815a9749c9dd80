/**
 * What the page shows: all of it stands in the URL.
 * @typedef {object} View
 * @property {string} level
 * @property {string} node
 * @property {string} service
 * @property {string} requestId
 * @property {string} q
 * @property {string} from "-15m": so long ago; else RFC 3339.
 * @property {string} to RFC 3339.
 * @property {boolean} live Whether new lines are wanted.
 * @property {string} line Id of the line that is open.
 * @property {string} at Its time: lines after it are left out.
 */

const filters = /** @type {const} */ (['level', 'node', 'service', 'requestId', 'q', 'from', 'to']);

/** @type {(search: string) => View} */
export function viewFrom(search) {
  const given = new URLSearchParams(search);
  const text = (/** @type {string} */ name) => given.get(name) ?? '';
  const [level, node, service, requestId, q, from, to] = filters.map(text);
  const [line, at] = [text('line'), text('at')];
  const view = { level, node, service, requestId, q, from, to, line, at };
  return /** @type {View} */ ({ ...view, live: given.get('live') !== 'off' });
}

/**
 * What has an end has no new lines.
 * @type {(view: View) => boolean}
 */
export function isLive({ live, to, at }) {
  return live && !to && !at;
}

/** @type {(view: View) => string} */
export function searchOf(view) {
  const search = new URLSearchParams();
  for (const name of [...filters, /** @type {const} */ ('line'), /** @type {const} */ ('at')]) {
    if (view[name]) search.set(name, view[name]);
  }
  if (!view.live) search.set('live', 'off');
  return search.size === 0 ? '' : `?${search}`;
}

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The same view as a query of /api/logs.
 * @type {(view: View, now: number) => URLSearchParams}
 */
export function queryOf(view, now) {
  const query = new URLSearchParams();
  for (const name of filters) if (view[name]) query.set(name, view[name]);
  const [, count, unit] = /^-(\d{1,4})([mhd])$/.exec(view.from) ?? [];
  if (count && unit) {
    const ms = Number(count) * unitMs[/** @type {keyof typeof unitMs} */ (unit)];
    query.set('from', new Date(now - ms).toISOString());
  }
  if (view.at) query.set('to', new Date(Date.parse(view.at) + 1).toISOString());
  return query;
}

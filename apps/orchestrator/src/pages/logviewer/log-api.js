/** @typedef {import('./format.js').Line} Line */
/** @typedef {{ lines: Line[], nextPageToken: string, dropped: number }} Page */

/** @type {(query: URLSearchParams, signal: AbortSignal) => Promise<Page>} */
export async function fetchPage(query, signal) {
  const response = await fetch(`api/logs?${query}`, { signal, headers: { accept: 'application/json' } });
  if (!response.ok) throw await failureOf(response);
  return response.json();
}

/**
 * First a page, newest line first; then each batch of new lines, oldest first, until aborted.
 * @type {(query: URLSearchParams, signal: AbortSignal) => AsyncGenerator<Page>}
 */
export async function* followLog(query, signal) {
  const headers = { accept: 'text/event-stream' };
  const response = await fetch(`api/logs?${query}&follow=true`, { signal, headers });
  if (!response.ok || !response.body) throw await failureOf(response);
  let rest = '';
  for await (const text of textsOf(response.body)) {
    const events = (rest + text).split(/\r?\n\r?\n/);
    rest = events.pop() ?? '';
    for (const event of events) {
      const { name, data } = parseEvent(event);
      if (name === 'error') throw new Error(messageOf(data));
      if (data) yield JSON.parse(data);
    }
  }
}

/** @type {(body: ReadableStream<Uint8Array>) => AsyncGenerator<string>} */
async function* textsOf(body) {
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

/** @type {(event: string) => { name: string, data: string }} */
function parseEvent(event) {
  let name = 'message';
  const data = [];
  for (const line of event.split(/\r?\n/)) {
    if (line.startsWith('event:')) name = line.slice(6).trim();
    if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
  }
  return { name, data: data.join('\n') };
}

/** What asking again does not change. */
export class RefusedError extends Error {}

/** @type {(response: Response) => Promise<Error>} */
async function failureOf(response) {
  if (response.status === 401) return new RefusedError('Sign in with a key that may read the log (role operator).');
  const message = messageOf(await response.text()) || `The server answers ${response.status}.`;
  return response.status < 500 ? new RefusedError(message) : new Error(message);
}

/** @type {(body: string) => string} */
function messageOf(body) {
  try {
    const { detail, title, message, error } = JSON.parse(body);
    return String(detail ?? message ?? error?.message ?? title ?? error ?? body);
  } catch {
    return body.slice(0, 300);
  }
}

import { request, type Agent, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Call } from './calls.ts';

/** What of an answer must be equal: everything but times, counts, sizes of answers and the words of models. */
export interface Observed {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Makes one call and leaves out what may differ. */
export async function observe(url: string, agent: Agent, call: Call): Promise<Observed> {
  const incoming = await send(url, agent, call);
  const headers = shownHeaders(incoming.headers);
  return { status: incoming.statusCode ?? 0, headers, body: shownBody(headers, await text(incoming)) };
}

function send(url: string, agent: Agent, { method, path, headers, body }: Call): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, { method, agent, headers }, resolve);
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

function shownHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const { date: _, 'content-length': length, ...rest } = headers;
  const shown = Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]);
  const all = [...shown, ...(length === undefined ? [] : [['content-length', 'known'] as const])];
  return Object.fromEntries(all.toSorted(([a], [b]) => a.localeCompare(b)));
}

function shownBody(headers: Readonly<Record<string, string>>, body: string): unknown {
  const type = headers['content-type'] ?? '';
  if (type === 'application/x-ndjson') return withoutRepeats(body.split('\n').map(shownJson));
  return type.startsWith('application/json') ? shownJson(body) : body;
}

/** An error is shown as it is; of anything else the order of the fields and the values that are facts. */
function shownJson(json: string): string {
  if (json === '' || json.startsWith('{"error":')) return json;
  return JSON.stringify(shownValue('', JSON.parse(json) as unknown));
}

function withoutRepeats(lines: readonly string[]): readonly string[] {
  return lines.filter((line, index) => line !== lines[index - 1]);
}

const times = new Set(['created_at', 'expires_at']);
const words = new Set(['content', 'response', 'thinking', 'token', 'id']);
const counts = /_duration$|_count$|^logprob$/;
const wholeNumbers = new Set(['context', 'bytes', 'embedding', 'embeddings']);

function shownValue(key: string, value: unknown): unknown {
  if (times.has(key)) return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(String(value)) ? '<time>' : value;
  if (words.has(key)) return value === '' ? '' : '<words>';
  if (counts.test(key)) return Number.isInteger(value) ? '<integer>' : '<number>';
  if (wholeNumbers.has(key)) return shapeOf(value);
  if (key === 'modelfile') return sortedLines(String(value).replace(/^FROM \/.*$/m, 'FROM <blob>'));
  if (key === 'parameters' && typeof value === 'string') return sortedLines(value);
  if (key === 'models') return shownModels(value as { name: string }[]);
  if (key === 'logprobs')
    return withoutRepeats((value as unknown[]).map((entry) => JSON.stringify(shownValue('', entry))));
  if (Array.isArray(value)) return value.map((item) => shownValue('', item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([name, member]) => [name, shownValue(name, member)]);
}

/** The memory that a loaded model takes is an estimate of the machine's; the order of equal times is chance. */
function shownModels(models: readonly { name: string }[]): unknown[] {
  return models.toSorted(byName).map((model) => shownValue('', 'size_vram' in model ? { ...model, size: 0 } : model));
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}

/** Go prints maps in random order. */
function sortedLines(text: string): string[] {
  return text.split('\n').toSorted();
}

function shapeOf(value: unknown): unknown {
  if (!Array.isArray(value)) return typeof value;
  const [first] = value as unknown[];
  return Array.isArray(first) ? value.map(shapeOf) : `${value.length === 0 ? 'no' : 'some'} numbers`;
}

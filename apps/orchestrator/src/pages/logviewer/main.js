import { showDetail } from './detail.js';
import { createFilterForm } from './filter-form.js';
import { listenForKeys } from './keyboard.js';
import { createLineList } from './line-list.js';
import { fetchPage, followLog, RefusedError } from './log-api.js';
import { rowOf } from './row.js';
import { isLive, queryOf, searchOf, viewFrom } from './view.js';

/** @typedef {import('./view.js').View} View */
/** @typedef {import('./format.js').Line} Line */

const firstPage = 200;
const olderPage = 500;

/** Of connecting again; doubled each time. */
const firstRetryMs = 1_000;
const lastRetryMs = 15_000;

/** @type {(id: string) => HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const list = byId('list');
const detail = byId('detail');
const live = byId('live');
const newer = byId('newer');
const status = byId('status');
const form = /** @type {HTMLFormElement} */ (byId('filters'));

let view = viewFrom(location.search);
let loading = new AbortController();
let state = { connection: '', failure: '', dropped: 0, unseen: 0 };
/** Whether there are older lines than those on the page, newer ones that it has dropped, a page on its way. */
let edges = { older: false, cut: false, fetching: false };

const lines = createLineList({ list, canvas: byId('lines'), row: rowOf, onMove });
const filters = createFilterForm(form, byId('times'), (changes) => show({ ...changes, line: '', at: '' }));

/**
 * Changes what is shown, and the URL with it.
 * @type {(changes: Partial<View>, options?: { replace?: boolean, reload?: boolean }) => void}
 */
function show(changes, { replace = false, reload: again = true } = {}) {
  const next = { ...view, ...changes };
  if (searchOf(next) === searchOf(view) && !replace) return;
  view = next;
  const url = location.pathname + searchOf(view);
  if (replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  if (again) void reload();
  else paint();
}

async function reload() {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  edges = { older: false, cut: false, fetching: false };
  state = { ...state, connection: 'loading', failure: '', unseen: 0 };
  filters.show(view);
  paint();
  if (isLive(view)) return follow(signal);
  try {
    const page = await fetchPage(queryWith({ pageSize: String(firstPage) }), signal);
    lines.replace(page.lines.toReversed());
    noteFirst(page);
    state.connection = '';
    openLinked();
  } catch (error) {
    failed(signal, error);
  }
  paint();
}

/** @type {(signal: AbortSignal) => Promise<void>} */
async function follow(signal) {
  let fresh = true;
  for (let retryMs = firstRetryMs; !signal.aborted; retryMs = Math.min(lastRetryMs, retryMs * 2)) {
    try {
      let first = true;
      for await (const page of followLog(queryWith({ pageSize: String(firstPage) }), signal)) {
        if (first) joinPage(page, fresh);
        else addNew(page.lines);
        fresh = first = false;
        retryMs = firstRetryMs;
        state = { ...state, connection: 'live', failure: '', dropped: page.dropped };
        paint();
      }
    } catch (error) {
      failed(signal, error);
      paint();
      if (error instanceof RefusedError) return;
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/**
 * The page that a connection begins with. If lines may lie between it and those on the page, it replaces them.
 * @type {(page: import('./log-api.js').Page, fresh: boolean) => void}
 */
function joinPage(page, fresh) {
  const next = page.lines.toReversed();
  const known = new Set(lines.lines.slice(-firstPage).map(({ id }) => id));
  if (!fresh && (page.nextPageToken === '' || next.some(({ id }) => known.has(id)))) return addNew(next);
  lines.replace(next);
  noteFirst(page);
  openLinked();
}

/** @type {(page: import('./log-api.js').Page) => void} */
function noteFirst({ nextPageToken, dropped }) {
  edges.older = nextPageToken !== '';
  state.dropped = dropped;
}

/** @type {(added: Line[]) => void} */
function addNew(added) {
  if (!lines.atBottom()) state.unseen += added.length;
  if (edges.cut) return;
  if (lines.append(added)) edges.older = true;
}

async function loadOlder() {
  const oldest = lines.lines[0];
  if (!edges.older || edges.fetching || !oldest) return;
  edges.fetching = true;
  const { signal } = loading;
  try {
    const page = await fetchPage(queryWith({ pageSize: String(olderPage), pageToken: oldest.id }), signal);
    if (signal.aborted) return;
    if (lines.prepend(page.lines.toReversed())) edges.cut = true;
    edges.older = page.nextPageToken !== '';
    state.failure = '';
  } catch (error) {
    failed(signal, error);
  }
  edges.fetching = false;
  paint();
}

/** @type {(extra: Record<string, string>) => URLSearchParams} */
function queryWith(extra) {
  const query = queryOf(view, Date.now());
  for (const [name, value] of Object.entries(extra)) query.set(name, value);
  return query;
}

/** @type {(signal: AbortSignal, error: unknown) => void} */
function failed(signal, error) {
  if (!signal.aborted)
    state = { ...state, connection: '', failure: error instanceof Error ? error.message : String(error) };
}

function onMove() {
  if (list.scrollTop < list.clientHeight * 2) void loadOlder();
  if (lines.atBottom()) state.unseen = 0;
  paint();
}

function paint() {
  const count = lines.lines.length;
  const parts = [
    `${count.toLocaleString()} ${count === 1 ? 'line' : 'lines'}${edges.older ? ', older ones above' : ''}`,
    state.dropped > 0 ? `${state.dropped.toLocaleString()} lost by the log` : '',
    state.failure || state.connection,
  ];
  status.textContent = parts.filter(Boolean).join(' · ');
  status.className = state.failure ? 'failed' : '';
  live.ariaPressed = String(isLive(view));
  byId('empty').hidden = count > 0 || state.connection === 'loading' || state.failure !== '';
  newer.hidden = !(view.at || edges.cut || state.unseen > 0);
  newer.textContent = state.unseen > 0 ? `↓ ${state.unseen.toLocaleString()} new` : '↓ newest lines';
}

/** @type {(id: string) => Line | undefined} */
const lineOf = (id) => lines.lines.find((line) => line.id === id);

function openLinked() {
  if (view.line) open(view.line);
  else close();
}

/** @type {(id: string) => void} */
function open(id) {
  lines.select(id);
  const line = lineOf(id);
  if (!line) return close();
  const { requestId, node } = line;
  const link = location.origin + location.pathname + searchOf({ ...view, line: id, at: line.time });
  showDetail(detail, line, {
    'Copy link': () => void navigator.clipboard.writeText(link),
    'Copy JSON': () => void navigator.clipboard.writeText(JSON.stringify(line, null, 2)),
    ...(requestId && { 'Only this request': () => onlyRequest(requestId) }),
    ...(node && { 'Only this node': () => show({ node, line: '', at: '' }) }),
    Close: closeLine,
  });
}

function close() {
  lines.select('');
  detail.hidden = true;
}

/** @type {(id: string) => void} */
function openLine(id) {
  open(id);
  show({ line: id }, { replace: true, reload: false });
}

function closeLine() {
  close();
  show({ line: '' }, { replace: true, reload: false });
}

/** @type {(requestId: string) => void} */
function onlyRequest(requestId) {
  if (requestId) show({ requestId, line: '', at: '' });
}

function toNewest() {
  if (view.at || edges.cut) show({ at: '', line: '' }, { replace: true });
  else lines.toBottom();
}

byId('lines').addEventListener('click', ({ target }) => {
  const element = /** @type {HTMLElement} */ (target);
  const requestId = element.closest('button')?.dataset['request'];
  const id = /** @type {HTMLElement | null} */ (element.closest('.row'))?.dataset['line'];
  if (requestId) onlyRequest(requestId);
  else if (id !== undefined) openLine(id);
});
live.addEventListener('click', () => show({ live: !isLive(view), to: '', at: '' }));
newer.addEventListener('click', toNewest);
addEventListener('popstate', () => {
  view = viewFrom(location.search);
  void reload();
});

listenForKeys(list, {
  '/': () => /** @type {HTMLInputElement} */ (form.elements.namedItem('q')).focus(),
  j: () => step(1),
  ArrowDown: () => step(1),
  k: () => step(-1),
  ArrowUp: () => step(-1),
  PageDown: () => step(lines.pageRows()),
  PageUp: () => step(-lines.pageRows()),
  g: lines.toTop,
  Home: lines.toTop,
  G: toNewest,
  End: toNewest,
  Enter: () => openLine(lines.neighbour(0)?.id ?? ''),
  Escape: closeLine,
  l: () => live.click(),
  r: () => onlyRequest(lines.neighbour(0)?.requestId ?? ''),
});

/** @type {(rows: number) => void} */
function step(rows) {
  const line = lines.neighbour(rows);
  if (!line) return;
  if (detail.hidden) lines.select(line.id);
  else openLine(line.id);
}

void reload();

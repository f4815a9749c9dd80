import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  ClusterError,
  isLogLevel,
  pause,
  type Clock,
  type LogFilter,
  type LogRecord,
  type LogRepository,
} from '@tutti/core';
import type { LogService, QueryLogsRequest, QueryLogsResponseSchema } from '@tutti/proto/tutti/v1/log';
import type { Implementation } from '@tutti/rpc';

type Response = MessageInitShape<typeof QueryLogsResponseSchema>;

const defaultPageSize = 100;
const largestPageSize = 1_000;
const longestText = 256;

/** Between two looks for new lines. */
const pollMs = 500;

interface Options {
  readonly logs: Pick<LogRepository, 'query'>;
  /** Of the writer that fills the log. */
  readonly stats: () => { readonly dropped: number };
  readonly clock: Clock;
}

/** Reads the log. A page token is the id of a line: the page holds what was stored before it. */
export function createLogService({ logs, stats, clock }: Options): Implementation<typeof LogService> {
  const dropped = () => ({ dropped: stats().dropped });

  const firstPage = async (filter: LogFilter, limit: number, before: string): Promise<Response> => {
    const found = await logs.query(filter, { limit: limit + 1, ...(before && { before }) });
    const lines = found.slice(0, limit);
    return { lines: lines.map(lineOf), nextPageToken: found.length > limit ? lines.at(-1)!.id : '', ...dropped() };
  };

  /** Id of the newest line of all: what a filter lets through is looked for behind it only. */
  const newest = async (): Promise<string> => (await logs.query({}, { limit: 1 }))[0]?.id ?? '';

  /** Oldest first. A store may tell again what it told a moment ago. */
  const since = async (filter: LogFilter, after: string): Promise<LogRecord[]> => {
    if (after) return logs.query(filter, { limit: largestPageSize, after });
    return (await logs.query(filter, { limit: largestPageSize })).toReversed();
  };

  async function* follow(filter: LogFilter, limit: number, signal: AbortSignal): AsyncGenerator<Response> {
    let after = await newest();
    const told = after ? await since(filter, after) : [];
    const page = await firstPage(filter, limit, '');
    yield page;
    let known = new Set([...told, ...page.lines!].map(({ id }) => id));
    while (!signal.aborted) {
      const end = await newest();
      const found = await since(filter, after);
      const fresh = found.filter(({ id }) => !known.has(id));
      known = new Set(found.map(({ id }) => id));
      if (fresh.length > 0) yield { lines: fresh.map(lineOf), nextPageToken: '', ...dropped() };
      const last = found.at(-1)?.id ?? after;
      const behind = found.length >= largestPageSize && last > after && last < end;
      after = behind ? last : end;
      if (!behind) await pause(clock, pollMs, signal);
    }
  }

  return {
    async *queryLogs(request, { signal }) {
      const filter = filterOf(request);
      const limit = pageSizeOf(request);
      if (request.follow) {
        checkFollow(request);
        yield* follow(filter, limit, signal);
      } else yield await firstPage(filter, limit, request.pageToken);
    },
  };
}

function lineOf({ id, time, level, service, node, requestId, message, fields }: LogRecord) {
  return {
    id,
    time: new Date(time).toISOString(),
    level,
    service,
    node,
    requestId,
    message,
    fieldsJson: JSON.stringify(fields),
  };
}

function filterOf({ level, node, service, requestId, from, to, q }: QueryLogsRequest): LogFilter {
  for (const [param, value] of Object.entries({ node, service, requestId, q })) {
    if (value.length > longestText) refuse(param, `must be at most ${longestText} characters, got ${value.length}`);
  }
  if (level !== '' && !isLogLevel(level)) refuse('level', `must be error, warn, info or debug, got "${level}"`);
  const fromMs = timeOf('from', from);
  const toMs = timeOf('to', to);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    refuse('from', `must be before to, got ${from} and ${to}`);
  }
  return {
    ...(level !== '' && { level: level }),
    ...(node && { node }),
    ...(service && { service }),
    ...(requestId && { requestId }),
    ...(fromMs !== undefined && { from: fromMs }),
    ...(toMs !== undefined && { to: toMs }),
    ...(q && { text: q }),
  };
}

const dateTime = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

function timeOf(param: string, text: string): number | undefined {
  if (text === '') return undefined;
  const ms = dateTime.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) refuse(param, `must be a time like 2026-01-31T12:00:00Z, got "${text.slice(0, 40)}"`);
  return ms;
}

function pageSizeOf({ pageSize = defaultPageSize }: QueryLogsRequest): number {
  if (pageSize < 1 || pageSize > largestPageSize)
    refuse('pageSize', `must be 1 to ${largestPageSize}, got ${pageSize}`);
  return pageSize;
}

function checkFollow({ pageToken, to }: QueryLogsRequest): void {
  if (pageToken !== '') refuse('page_token', 'goes with a page; follow begins at the newest line');
  if (to !== '') refuse('to', 'goes with a page; follow has no end');
}

function refuse(param: string, problem: string): never {
  throw new ClusterError('invalid_request', `${param} ${problem}.`, { param });
}

import { ClusterError, logLevels, type Clock, type LogRecord, type LogRepository } from '@tutti/core';
import { readFields, writeFields } from '../line-fields.ts';
import type { Database } from './database.ts';
import { scanLogs } from './log-scan.ts';

interface Row {
  readonly id: number;
  readonly time: number;
  readonly severity: number;
  readonly service: string;
  readonly node: string;
  readonly request_id: string;
  readonly message: string;
  readonly fields: string;
}

const insert = `insert into logs (stored_at, time, severity, service, node, request_id, message, fields)
  values (?, ?, ?, ?, ?, ?, ?, ?)`;

export function createLogs(database: Database, clock: Clock): LogRepository {
  const { prepare, transaction, use } = database;
  return {
    append: (lines) =>
      use(() => {
        const storedAt = clock.wallTime();
        transaction(() => {
          for (const { time, level, service, node, requestId, message, fields } of lines) {
            const severity = logLevels.indexOf(level);
            prepare(insert).run(storedAt, time, severity, service, node, requestId, message, writeFields(fields));
          }
        });
      }),
    query: (filter, { limit, before, after }) =>
      use(async () => {
        const range = { from: (fromId(after) ?? 0) + 1, to: fromId(before) ?? Number.MAX_SAFE_INTEGER };
        const order = after === undefined ? 'desc' : 'asc';
        const rows = await scanLogs(database, { filter, range, order, limit });
        return (rows as Row[]).map(toRecord);
      }),
  };
}

function toRecord({ id, time, severity, service, node, request_id, message, fields }: Row): LogRecord {
  return {
    id: toId(id),
    time,
    level: logLevels[severity] ?? 'debug',
    service,
    node,
    requestId: request_id,
    message,
    fields: readFields(fields),
  };
}

/** As many digits as any number has that is exact: ids sort as text, too. */
const idDigits = 16;

function toId(id: number): string {
  return String(id).padStart(idDigits, '0');
}

function fromId(id: string | undefined): number | undefined {
  if (id === undefined) return undefined;
  if (/^\d{16}$/.test(id)) return Number(id);
  throw new ClusterError('invalid_request', 'The page token is not one of this log. Start again without it.');
}

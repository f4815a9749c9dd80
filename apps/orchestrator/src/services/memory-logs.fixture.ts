import type { LogFilter, LogRecord, LogRepository, NewLogRecord } from '@tutti/core';

/** A log in memory. Like MongoDB's it may tell again the last lines before `after`. */
export function memoryLogs({ repeats = 0 } = {}): LogRepository {
  const stored: LogRecord[] = [];
  const idOf = (index: number): string => String(index + 1).padStart(12, '0');
  return {
    async append(lines) {
      for (const line of lines) stored.push({ ...line, id: idOf(stored.length) });
    },
    async query(filter, { limit, before, after }) {
      const found = stored.filter((line) => matches(line, filter));
      if (after === undefined)
        return found
          .filter(({ id }) => before === undefined || id < before)
          .toReversed()
          .slice(0, limit);
      const known = found.filter(({ id }) => id <= after);
      return [...known.slice(known.length - repeats), ...found.filter(({ id }) => id > after).slice(0, limit)];
    },
  };
}

const severity = { error: 0, warn: 1, info: 2, debug: 3 };

function matches(line: LogRecord, { level, node, service, requestId, from, to, text }: LogFilter): boolean {
  return (
    (level === undefined || severity[line.level] <= severity[level]) &&
    (node === undefined || line.node === node) &&
    (service === undefined || line.service === service) &&
    (requestId === undefined || line.requestId === requestId) &&
    (from === undefined || line.time >= from) &&
    (to === undefined || line.time < to) &&
    (text === undefined || line.message.toLowerCase().includes(text.toLowerCase()))
  );
}

export function lineWith(changes: Partial<NewLogRecord> = {}): NewLogRecord {
  const line = {
    time: 0,
    level: 'info',
    service: 'orchestrator',
    node: '',
    requestId: '',
    message: 'm',
    fields: {},
  } as const;
  return { ...line, ...changes };
}

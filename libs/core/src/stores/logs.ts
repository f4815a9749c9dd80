/** Most severe first. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;

export type LogLevel = (typeof logLevels)[number];

export function isLogLevel(text: string): text is LogLevel {
  return (logLevels as readonly string[]).includes(text);
}

/** A line of the log before it is stored. */
export interface NewLogRecord {
  /** Milliseconds since 1970, on the writer's clock. */
  readonly time: number;
  readonly level: LogLevel;
  /** Which program wrote it. */
  readonly service: string;
  /** Name of the node; "" for an orchestrator. */
  readonly node: string;
  /** Id of the request that it belongs to; "": none. */
  readonly requestId: string;
  readonly message: string;
  /** Everything else: what JSON can hold. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A stored line. Ids, compared as text, grow in the order in which lines were stored. */
export interface LogRecord extends NewLogRecord {
  readonly id: string;
}

export interface LogFilter {
  /** This level and more severe ones; undefined: all. */
  readonly level?: LogLevel;
  readonly node?: string;
  readonly service?: string;
  readonly requestId?: string;
  /** Milliseconds since 1970, inclusive. */
  readonly from?: number;
  /** Milliseconds since 1970, exclusive. */
  readonly to?: number;
  /** Text that the message contains, whatever the case of its letters. */
  readonly text?: string;
}

export interface LogPage {
  readonly limit: number;
  /** Only lines older than this id. */
  readonly before?: string;
  /** Only lines newer than this id. */
  readonly after?: string;
}

export interface LogRepository {
  /** In this order. Of a batch that is rejected some lines may have been stored. */
  append(lines: readonly NewLogRecord[]): Promise<void>;
  /**
   * Newest first; with `after`, oldest first. Fast on a million lines. Where several processes write, lines with ids
   * before `after` may become visible late: those of the last seconds come again, up to `limit` of them beside the
   * `limit` new ones. A reader drops what it has seen, and goes on after the greatest id. `invalid_request` if `before`
   * or `after` is no id.
   */
  query(filter: LogFilter, page: LogPage): Promise<LogRecord[]>;
}

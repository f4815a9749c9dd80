import { ClusterError, type Clock, type NewLogRecord } from '@tutti/core';
import type { Log } from './log.ts';

/** Puts lines into a store without anybody waiting for it. */
export interface LogWriter {
  /** Takes a line; never blocks, never throws. If the buffer is full the oldest line is lost. */
  write(line: NewLogRecord): void;
  readonly stats: LogWriterStats;
  /** Stores what is buffered, in at most `limitMs`; for the end of a process. */
  flush(limitMs: number): Promise<void>;
}

export interface LogWriterStats {
  readonly buffered: number;
  /** Lines lost since the process began. */
  readonly dropped: number;
}

interface Options {
  /** Stores lines, oldest first. Fails soon if it cannot; what is not worth a second try has `retry: 'never'`. */
  readonly append: (lines: readonly NewLogRecord[]) => Promise<void>;
  readonly clock: Clock;
  /** Hears of outages; its lines must not come back here. */
  readonly log: Pick<Log, 'info' | 'warn'>;
  readonly bufferLines?: number;
  readonly batchLines?: number;
  /** A line waits so long for others. */
  readonly flushMs?: number;
}

/** Of trying again while the store is away; doubled each time. */
const firstRetryMs = 500;
const lastRetryMs = 30_000;

export function createLogWriter(options: Options): LogWriter {
  const { append, clock, log, bufferLines = 10_000, batchLines = 500, flushMs = 500 } = options;
  const buffer: NewLogRecord[] = [];
  let batch: NewLogRecord[] = [];
  let dropped = 0;
  let away = false;
  let retryMs = firstRetryMs;
  let running: Promise<void> | undefined;
  let cancelTimer: (() => void) | undefined;

  /** True if the batch is off our hands. */
  const appended = async (): Promise<boolean> => {
    try {
      await append(batch);
      if (away) log.info('the log store takes lines again', { dropped });
      away = false;
      retryMs = firstRetryMs;
      return true;
    } catch (thrown) {
      const { reason, message, retry, cause } = ClusterError.from(thrown);
      const why = cause instanceof Error ? cause.message : undefined;
      if (!away) log.warn('the log store takes no lines', { reason, error: message, cause: why });
      away = true;
      if (retry === 'never') dropped += batch.length;
      return retry === 'never';
    }
  };

  const drain = async (): Promise<void> => {
    cancelTimer?.();
    cancelTimer = undefined;
    while (batch.length > 0 || buffer.length > 0) {
      if (batch.length === 0) batch = buffer.splice(0, batchLines);
      if (!(await appended())) return;
      batch = [];
    }
  };

  const run = (): Promise<void> => (running ??= drain().then(settled));

  const settled = (): void => {
    running = undefined;
    if (batch.length > 0) {
      runAfter(retryMs);
      retryMs = Math.min(lastRetryMs, retryMs * 2);
    } else if (buffer.length > 0) runAfter(flushMs);
  };

  const runAfter = (delayMs: number): void => {
    cancelTimer?.();
    cancelTimer = clock.after(delayMs, () => void run());
  };

  return {
    write(line) {
      buffer.push(line);
      if (buffer.length > bufferLines) {
        buffer.shift();
        dropped++;
      }
      if (running || batch.length > 0) return;
      // Whoever logs a line does not pay for storing the batch.
      if (!cancelTimer) runAfter(flushMs);
      else if (buffer.length === batchLines) runAfter(0);
    },
    get stats() {
      return { buffered: buffer.length + batch.length, dropped };
    },
    flush(limitMs) {
      return new Promise((resolve) => {
        const stop = clock.after(limitMs, resolve);
        const last = async (): Promise<void> => {
          await running;
          await run();
          stop();
          resolve();
        };
        void last();
      });
    },
  };
}

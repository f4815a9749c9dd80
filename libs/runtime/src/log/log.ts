import { createLogger, format, transports, type Logger } from 'winston';

export type Log = Logger;

interface Options {
  /** Which program writes: stands in every line. */
  readonly service: string;
  /** "error", "warn", "info" or "debug". */
  readonly level: string;
}

/** A log of JSON lines on stderr: stdout belongs to what a program is asked for. Prompts and keys are never logged. */
export function createLog({ service, level }: Options): Log {
  return createLogger({
    level,
    defaultMeta: { service },
    format: format.combine(format.timestamp(), format.errors({ stack: true, cause: true }), format.json()),
    transports: [new transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
}

import { inspect } from 'node:util';
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
    format: format.combine(format.timestamp(), errorsAsText(), format.json()),
    transports: [new transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
}

/** JSON shows nothing of an Error: its stack and causes are what a reader of the log needs. */
const errorsAsText = format((line) => {
  for (const [key, value] of Object.entries(line)) if (value instanceof Error) line[key] = inspect(value);
  return line;
});

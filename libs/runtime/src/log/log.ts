import { Writable } from 'node:stream';
import { createLogger, format, transports, type Logform, type Logger } from 'winston';
import { logLevels, type LogLevel, type NewLogRecord } from '@tutti/core';
import { lineOf } from './line.ts';
import { plainFields, plainMessage } from './plain-fields.ts';
import { rotatedFile } from './rotated-file.ts';

/** Its `level` may be changed at any time. */
export type Log = Logger;

/** Gets each line that the level lets through. It must neither block nor throw. */
export type LogSink = (line: NewLogRecord) => void;

interface Options {
  /** Which program writes: stands in every line. */
  readonly service: string;
  /** Name of the node whose agent writes; "" for an orchestrator. */
  readonly node?: string;
  /** "error", "warn", "info" or "debug". */
  readonly level: string;
  /** A file that gets every line as well. It is rotated; while its disk is full, its lines are lost. */
  readonly file?: string | undefined;
  readonly sinks?: readonly LogSink[];
}

const levels = Object.fromEntries(logLevels.map((level, severity) => [level, severity]));

/**
 * A log of JSON lines on stderr: stdout belongs to what a program is asked for. `requestId` among a line's fields ties
 * together what all processes log of a request. Prompts are never logged; keys, tokens and passwords are masked.
 */
export function createLog({ service, node = '', level, file, sinks = [] }: Options): Log {
  const log = createLogger({
    levels,
    level,
    format: format.combine(
      recorded(service, node)(),
      format.printf((info) => lineOf(recordOf(info))),
    ),
    transports: [
      new transports.Console({ stderrLevels: [...logLevels] }),
      ...sinks.map((sink) => asTransport((info) => sink(recordOf(info)))),
    ],
  });
  skipDisabledLevels(log);
  if (file !== undefined) {
    const write = rotatedFile({ path: file, tell: (message, fields) => log.warn(message, fields) });
    log.add(asTransport((line) => write(line[printed] as string)));
  }
  return log;
}

/** winston makes a line ready before it looks at its level; a line that nobody wants must cost nothing. */
function skipDisabledLevels(log: Log): void {
  for (const level of logLevels) {
    const write = log[level] as (this: Log, ...line: unknown[]) => Log;
    // A logger made from this one inherits the method, and must write as itself.
    log[level] = function (this: Log | undefined, ...line: unknown[]) {
      const self = this ?? log;
      // All that write take what the log takes, so its own way to ask, which asks each of them, costs more than a line.
      return levels[level]! <= levels[self.level]! ? write.apply(self, line) : self;
    };
  }
}

const record = Symbol('record');
const splat = Symbol.for('splat');
const printed = Symbol.for('message');

type Line = Logform.TransformableInfo & { [record]?: NewLogRecord };

function recordOf(line: Line): NewLogRecord {
  return line[record]!;
}

/** Makes the record of a line once, for all that write it. */
function recorded(service: string, node: string) {
  return format((line: Line) => {
    const { level, message, ...rest } = line;
    // winston keeps the fields of a message with a "%" in it to itself.
    const extra = (line[splat] as unknown[] | undefined)?.[0];
    const { requestId, ...fields } = plainFields(
      extra instanceof Error ? { error: extra } : { ...rest, ...(extra as object) },
    );
    line[record] = {
      time: Date.now(),
      level: level as LogLevel,
      service,
      node,
      requestId: typeof requestId === 'string' ? requestId : '',
      message: plainMessage(message),
      fields,
    };
    return line;
  });
}

function asTransport(take: (line: Line) => void) {
  const stream = new Writable({
    objectMode: true,
    write(line: Line, _, done) {
      take(line);
      done();
    },
  });
  return new transports.Stream({ stream });
}

export { createLog, type Log, type LogSink } from './log.ts';
export { createLogWriter, type LogWriter, type LogWriterStats } from './log-writer.ts';
export { plainFields, plainMessage } from './plain-fields.ts';
export { redacted } from './redacted.ts';

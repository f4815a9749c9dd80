import type { Collection, Filter } from 'mongodb';
import {
  logLevels,
  type Clock,
  type LogFilter,
  type LogLevel,
  type LogPage,
  type LogRecord,
  type LogRepository,
  type NewLogRecord,
} from '@tutti/core';
import { readFields, writeFields } from '../line-fields.ts';
import type { Connection } from './connection.ts';
import { checkedId, earlier, logId } from './log-ids.ts';
import { upserted } from './mongodb-error.ts';
import { schemaVersion, type Versioned } from './schema.ts';

interface LogDocument extends Versioned {
  readonly _id: string;
  readonly time: Date;
  readonly level: LogLevel;
  readonly service: string;
  readonly node: string;
  readonly requestId: string;
  readonly message: string;
  /** As text: names and depth are the caller's, and BSON has its own limits for both. */
  readonly fieldsJson: string;
  readonly deleteAt?: Date;
}

/** The clock that all writers share, and the number of lines they have numbered. */
interface CounterDocument extends Versioned {
  readonly _id: string;
  readonly time: number;
  readonly count: number;
}

interface Options {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly retentionMs: number;
}

/** Longer than it takes from the numbering of a line until it is stored: both give up before. */
const overlapMs = 10_000;

/** A line of an unknown schema version is left out. */
export function createLogs({ connection, clock, retentionMs }: Options): LogRepository {
  /** Numbers lines: many writers, whose clocks differ, share one order. Returns the id of each, by its index. */
  const numbered = (lines: number): Promise<(index: number) => string> =>
    connection.use<CounterDocument, (index: number) => string>('counters', async (counters) => {
      const now = Math.floor(clock.wallTime());
      const change = { $inc: { count: lines }, $max: { time: now }, $setOnInsert: { schemaVersion } } as const;
      const options = { upsert: true, returnDocument: 'before' } as const;
      const before = await upserted(() => counters.findOneAndUpdate({ _id: 'logs' }, change, options));
      const { time, count } = before ?? { time: 0, count: 0 };
      return (index) => logId(Math.max(time, now), count + index + 1);
    });

  const toDocument = ({ time, fields, ...rest }: NewLogRecord, _id: string): LogDocument => ({
    _id,
    schemaVersion,
    ...rest,
    time: new Date(time),
    fieldsJson: writeFields(fields),
    ...(Number.isFinite(retentionMs) && { deleteAt: new Date(clock.wallTime() + retentionMs) }),
  });

  return {
    async append(lines) {
      if (lines.length === 0) return;
      const id = await numbered(lines.length);
      const documents = lines.map((line, index) => toDocument(line, id(index)));
      await connection.use<LogDocument, void>('logs', async (logs) => void (await logs.insertMany(documents)));
    },
    query: (filter, page) =>
      connection.use<LogDocument, LogRecord[]>('logs', async (logs) =>
        (await pageOf(logs, matching(filter), page)).map(toRecord),
      ),
  };
}

async function pageOf(
  logs: Collection<LogDocument>,
  filter: Filter<LogDocument>,
  { limit, before, after }: LogPage,
): Promise<LogDocument[]> {
  const [newest, oldest] = [checkedId(before), checkedId(after)];
  const below = newest === undefined ? {} : { $lt: newest };
  const find = (range: { $gt?: string; $lt?: string }, direction: 1 | -1): Promise<LogDocument[]> => {
    const found = logs.find(Object.keys(range).length > 0 ? { ...filter, _id: range } : filter);
    return found.sort({ _id: direction }).limit(limit).toArray();
  };
  if (oldest === undefined) return find(below, -1);
  const late = find({ $gt: earlier(oldest, overlapMs), $lt: oldest }, -1);
  const fresh = find({ $gt: oldest, ...below }, 1);
  const [seenPerhaps, unseen] = await Promise.all([late, fresh]);
  return [...seenPerhaps.toReversed(), ...unseen];
}

/** With `$eq` and the like a value is only ever a value, whatever its type turns out to be. */
function matching({ level, node, service, requestId, from, to, text }: LogFilter): Filter<LogDocument> {
  const time = { ...(from !== undefined && { $gte: new Date(from) }), ...(to !== undefined && { $lt: new Date(to) }) };
  return {
    schemaVersion,
    ...(level !== undefined && level !== 'debug' && { level: { $in: asSevere(level) } }),
    ...(node !== undefined && { node: { $eq: node } }),
    ...(service !== undefined && { service: { $eq: service } }),
    ...(requestId !== undefined && { requestId: { $eq: requestId } }),
    ...((from !== undefined || to !== undefined) && { time }),
    ...(text && { message: { $regex: literally(text), $options: 'i' } }),
  };
}

function asSevere(level: LogLevel): LogLevel[] {
  return logLevels.slice(0, logLevels.indexOf(level) + 1);
}

/** A regular expression that matches the text and nothing else. */
function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`).replaceAll('\0', String.raw`\x00`);
}

function toRecord({ _id, time, level, service, node, requestId, message, fieldsJson }: LogDocument): LogRecord {
  const fields = readFields(fieldsJson);
  return { id: _id, time: time.getTime(), level, service, node, requestId, message, fields };
}

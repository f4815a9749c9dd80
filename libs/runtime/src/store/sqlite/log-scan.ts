import { setImmediate } from 'node:timers/promises';
import { logLevels, type LogFilter } from '@tutti/core';
import type { Database } from './database.ts';

/** Lines whose ids are at least `from` and less than `to`. */
interface Range {
  readonly from: number;
  readonly to: number;
}

type Order = 'asc' | 'desc';

interface Condition {
  readonly sql: string;
  readonly value?: string | number;
}

interface Search {
  /** How SQLite finds the lines that meet `candidates`, in the order of their ids. */
  readonly index: string;
  readonly candidates: readonly Condition[];
  /** What each of those must still meet. */
  readonly rest: readonly Condition[];
}

export interface Scan {
  readonly filter: LogFilter;
  readonly range: Range;
  readonly order: Order;
  readonly limit: number;
}

/** Lines that are looked at before others may use the event loop: about 2 ms. */
const stepLines = 2000;

/** Lines that match, in order. A search without an index goes through the whole log, in steps between which others run. */
export async function scanLogs(database: Database, { filter, range, order, limit }: Scan): Promise<object[]> {
  const search = searchFor(filter);
  const found: object[] = [];
  let left = range;
  while (found.length < limit) {
    const cut = search.rest.length > 0 ? stepEnd(database, search, left, order) : undefined;
    const step = cut === undefined ? left : order === 'desc' ? { ...left, from: cut } : { ...left, to: cut };
    found.push(...matches(database, search, step, order, limit - found.length));
    if (cut === undefined) break;
    left = order === 'desc' ? { ...left, to: cut } : { ...left, from: cut };
    await setImmediate();
  }
  return found;
}

/** Where the step that begins at one end of the range ends; undefined: it takes all of it. */
function stepEnd({ prepare }: Database, search: Search, range: Range, order: Order): number | undefined {
  const { where, values } = clause(search.candidates, range);
  const row = prepare(
    `select id from logs ${search.index} where ${where} order by id ${order} limit 1 offset ${stepLines}`,
  ).get(...values);
  return row && Number(row['id']);
}

function matches({ prepare }: Database, search: Search, range: Range, order: Order, limit: number): object[] {
  const { where, values } = clause([...search.candidates, ...search.rest], range);
  return prepare(`select * from logs ${search.index} where ${where} order by id ${order} limit ?`).all(
    ...values,
    limit,
  );
}

function clause(conditions: readonly Condition[], { from, to }: Range): { where: string; values: (string | number)[] } {
  const values = conditions.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const where = ['id >= ?', 'id < ?', ...conditions.map(({ sql }) => sql)].join(' and ');
  return { where, values: [from, to, ...values] };
}

/** The most selective condition that has an index is the one to search by. */
function searchFor(filter: LogFilter): Search {
  const conditions = conditionsOf(filter);
  const driving = indexed.find(([sql]) => conditions.some((condition) => condition.sql === sql));
  const [sql, index] = driving ?? [undefined, 'not indexed'];
  return {
    index,
    candidates: conditions.filter((condition) => condition.sql === sql),
    rest: conditions.filter((condition) => condition.sql !== sql),
  };
}

/** Most selective first. The levels stand in the text, as the indexes of severe lines ask for. */
const indexed: readonly (readonly [sql: string, index: string])[] = [
  ['request_id = ?', 'indexed by logs_request'],
  ['severity <= 0', 'indexed by logs_errors'],
  ['severity <= 1', 'indexed by logs_warnings'],
  ['node = ?', 'indexed by logs_node'],
];

function conditionsOf({ level, node, service, requestId, from, to, text }: LogFilter): Condition[] {
  const conditions: Condition[] = [];
  const add = (sql: string, value: string | number | undefined): void => {
    if (value !== undefined) conditions.push({ sql, value });
  };
  if (level !== undefined && level !== 'debug') conditions.push({ sql: `severity <= ${logLevels.indexOf(level)}` });
  add('request_id = ?', requestId);
  add('node = ?', node);
  add('service = ?', service);
  add('time >= ?', from);
  add('time < ?', to);
  add('contains(message, ?)', text?.toLowerCase() || undefined);
  return conditions;
}

import { setImmediate } from 'node:timers/promises';
import {
  missingPage,
  missingRun,
  storedJson,
  type RunFilter,
  type RunMessage,
  type RunRecord,
  type RunRepository,
} from '@tutti/core';
import type { Database } from './database.ts';
import { deletedInSteps } from './deleted-in-steps.ts';
import { createJournal } from './journal.ts';

const columns = 'id, pattern, key, title, state, created_at as createdAt, ended_at as endedAt, owner, revision';

export function createRuns(database: Database): RunRepository {
  const { prepare, use } = database;

  const find = (id: string): RunRecord | undefined =>
    optional(prepare(`select ${columns} from runs where id = ?`).get(id));

  return {
    ...createJournal(database),
    create: ({ id, pattern, key, title, state, createdAt, endedAt, owner, revision }) =>
      use(() => {
        const insert = prepare('insert into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing');
        const end = endedAt ?? null;
        return insert.run(id, pattern, key, title, state, createdAt, end, owner, revision).changes === 1;
      }),
    find: (id) => use(() => find(id)),
    list: (filter, { limit, before }) =>
      use(() => {
        const last = before === undefined ? undefined : find(before);
        if (before !== undefined && !last) throw missingPage();
        const { where, values } = clause(filter, last);
        return prepare(`select ${columns} from runs where ${where} order by created_at desc, id desc limit ?`)
          .all(...values, limit)
          .map(toRun);
      }),
    unfinished: (limit) =>
      use(() =>
        prepare(`select ${columns} from runs where ended_at is null order by created_at, id limit ?`)
          .all(limit)
          .map(toRun),
      ),
    renew: (id, expected, { state, owner, endedAt }) =>
      use(() =>
        optional(
          prepare(
            `update runs set state = ?, owner = ?, ended_at = ?, revision = revision + 1
             where id = ? and revision = ? returning ${columns}`,
          ).get(state, owner, endedAt ?? null, id, expected),
        ),
      ),
    post: (id, { key, time, document }) =>
      use(() => {
        const text = storedJson(document, 'The message');
        if (!find(id)) throw missingRun(id);
        const insert = 'insert into messages (run, key, time, document) values (?, ?, ?, ?) on conflict do nothing';
        return prepare(insert).run(id, key, time, text).changes === 1;
      }),
    messages: (id) =>
      use(() => prepare('select key, time, document from messages where run = ? order by id').all(id).map(toMessage)),
    removeEnded: (endedBefore) => use(() => removeEnded(database, endedBefore)),
  };
}

/** The head goes last: what is cut short goes on the next time. */
async function removeEnded({ prepare }: Database, endedBefore: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const ended = prepare('select id from runs where ended_at < ? order by ended_at limit 1').get(endedBefore);
    if (!ended) return removed;
    const id = String(ended['id']);
    for (const table of ['journal', 'messages']) {
      const rows = `select rowid from ${table} where run = ? limit ?`;
      const deletion = `delete from ${table} where rowid in (${rows})`;
      await deletedInSteps((limit) => Number(prepare(deletion).run(id, limit).changes));
    }
    removed += Number(prepare('delete from runs where id = ? and ended_at < ?').run(id, endedBefore).changes);
    await setImmediate();
  }
}

function clause({ key, pattern, state }: RunFilter, last: RunRecord | undefined) {
  const conditions = ['true'];
  const values: (string | number)[] = [];
  for (const [column, value] of Object.entries({ key, pattern, state })) {
    if (value === undefined) continue;
    conditions.push(`${column} = ?`);
    values.push(value);
  }
  if (last) {
    conditions.push('(created_at, id) < (?, ?)');
    values.push(last.createdAt, last.id);
  }
  return { where: conditions.join(' and '), values };
}

function optional(row: object | undefined): RunRecord | undefined {
  return row && toRun(row);
}

function toRun(row: object): RunRecord {
  const { endedAt, ...rest } = row as RunRecord & { endedAt: number | null };
  return { ...rest, ...(endedAt !== null && { endedAt }) };
}

function toMessage(row: Record<string, unknown>): RunMessage {
  return { ...row, document: JSON.parse(String(row['document'])) as unknown } as RunMessage;
}

import type { NodeRecord, NodeRepository } from '@tutti/core';
import type { Database } from './database.ts';

export function createNodes({ prepare, use }: Database): NodeRepository {
  return {
    put: (node) =>
      use(() => {
        prepare('insert into nodes values (?, ?) on conflict (name) do update set record = excluded.record').run(
          node.name,
          JSON.stringify(node),
        );
      }),
    list: () => use(() => prepare('select record from nodes order by name').all().map(toNode)),
    find: (name) =>
      use(() => {
        const row = prepare('select record from nodes where name = ?').get(name);
        return row && toNode(row);
      }),
    remove: (name) => use(() => void prepare('delete from nodes where name = ?').run(name)),
  };
}

function toNode(row: Record<string, unknown>): NodeRecord {
  return JSON.parse(String(row['record'])) as NodeRecord;
}

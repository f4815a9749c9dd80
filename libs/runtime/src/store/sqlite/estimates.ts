import type { EstimatesRecord, EstimatesRepository } from '@tutti/core';
import type { Database } from './database.ts';

export function createEstimates({ prepare, transaction, use }: Database): EstimatesRepository {
  return {
    save: (records) =>
      use(() =>
        transaction(() => {
          const put = prepare(
            'insert into estimates values (?, ?, ?) on conflict (part) do update set saved_at = excluded.saved_at, document = excluded.document',
          );
          for (const { part, savedAt, document } of records) put.run(part, savedAt, JSON.stringify(document));
        }),
      ),
    load: () => use(() => prepare('select * from estimates order by part').all().map(toRecord)),
  };
}

function toRecord(row: Record<string, unknown>): EstimatesRecord {
  return {
    part: String(row['part']),
    savedAt: Number(row['saved_at']),
    document: JSON.parse(String(row['document'])) as unknown,
  };
}

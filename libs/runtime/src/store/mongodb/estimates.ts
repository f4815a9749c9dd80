import type { EstimatesRecord, EstimatesRepository } from '@tutti/core';
import type { Connection } from './connection.ts';
import { isDuplicate, upserted } from './mongodb-error.ts';
import { schemaVersion, type Versioned } from './schema.ts';

interface EstimatesDocument extends Versioned {
  readonly _id: string;
  readonly savedAt: number;
  /** Text: names of models have dots, which MongoDB has its own ideas of. */
  readonly document: string;
}

/** A part of an unknown schema version is not seen, and not overwritten: whoever wrote it still learns. */
export function createEstimates({ use }: Connection): EstimatesRepository {
  const collection = 'estimates';
  return {
    save: (records) =>
      use<EstimatesDocument, void>(collection, async (estimates) => {
        for (const { part, savedAt, document } of records) {
          const replacement = { schemaVersion, savedAt, document: JSON.stringify(document) } as const;
          const put = () => estimates.replaceOne({ _id: { $eq: part }, schemaVersion }, replacement, { upsert: true });
          try {
            await upserted(put);
          } catch (error) {
            if (!isDuplicate(error)) throw error;
          }
        }
      }),
    load: () =>
      use<EstimatesDocument, EstimatesRecord[]>(collection, async (estimates) => {
        const found = await estimates.find({ schemaVersion }).sort({ _id: 1 }).toArray();
        return found.map(toRecord);
      }),
  };
}

function toRecord({ _id, savedAt, document }: EstimatesDocument): EstimatesRecord {
  return { part: _id, savedAt, document: JSON.parse(document) as unknown };
}

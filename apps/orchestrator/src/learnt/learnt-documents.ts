import {
  ClusterError,
  type Clock,
  type DocumentRepository,
  type EstimatesRecord,
  type EstimatesRepository,
} from '@tutti/core';

const pageSize = 100;

/** What was learnt belongs to no key. */
const owner = '';

/** Each loss means that another process has just saved what it learnt. */
const mostTries = 3;

/** Keeps each part of what was learnt as a document of its own. */
export function learntDocuments(documents: DocumentRepository, clock: Clock): EstimatesRepository {
  const put = async ({ part, savedAt, document }: EstimatesRecord): Promise<boolean> => {
    const there = await documents.find(part, savedAt);
    const change = { updatedAt: savedAt, document };
    if (there) return (await documents.replace(part, there.revision, change)) !== undefined;
    return await documents.add({ id: part, key: owner, revision: 1, createdAt: savedAt, ...change });
  };
  const save = async (record: EstimatesRecord): Promise<void> => {
    for (let tries = 0; tries < mostTries; tries++) if (await put(record)) return;
    throw new ClusterError('storage_unavailable', `"${record.part}" is being changed by others.`);
  };
  return {
    async save(records) {
      for (const record of records) await save(record);
    },
    async load() {
      const now = clock.wallTime();
      const records: EstimatesRecord[] = [];
      for (let page = await documents.list(owner, { limit: pageSize }, now); page.length > 0;) {
        records.push(...page.map(({ id, updatedAt, document }) => ({ part: id, savedAt: updatedAt, document })));
        page = await documents.list(owner, { limit: pageSize, before: page.at(-1)! }, now);
      }
      return records;
    },
  };
}

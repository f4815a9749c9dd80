import type { Clock, Store } from '@tutti/core';
import { openDatabase } from './database.ts';
import { createDocuments } from './documents.ts';
import { createEstimates } from './estimates.ts';
import { createJoinTokens } from './join-tokens.ts';
import { createKeys } from './keys.ts';
import { createLogs } from './logs.ts';
import { createNodes } from './nodes.ts';
import { startRetention } from './retention.ts';
import { createRuns } from './runs.ts';

interface Options {
  readonly file: string;
  readonly logRetentionMs: number;
  readonly clock: Clock;
}

/** The store of a single machine: one file. Several processes may have it open. */
export function openSqlite({ file, logRetentionMs, clock }: Options): Store {
  const database = openDatabase(file);
  const stopRetention = startRetention({ database, clock, logRetentionMs });
  return {
    kind: 'sqlite',
    keys: createKeys(database),
    joinTokens: createJoinTokens(database),
    nodes: createNodes(database),
    logs: createLogs(database, clock),
    estimates: createEstimates(database),
    runs: createRuns(database),
    documents: createDocuments(database),
    ping: () => database.use(() => void database.prepare('select 1').get()),
    async close() {
      stopRetention();
      database.close();
    },
  };
}

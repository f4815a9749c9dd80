import type { Clock, Store } from '@tutti/core';
import { createConnection } from './connection.ts';
import { createDocuments } from './documents.ts';
import { createEstimates } from './estimates.ts';
import { createJoinTokens } from './join-tokens.ts';
import { createKeys } from './keys.ts';
import { createLogs } from './logs.ts';
import { createNodes } from './nodes.ts';
import { createRuns } from './runs.ts';
import { indexes } from './schema.ts';

interface Options {
  readonly uri: string;
  readonly database: string | undefined;
  readonly logRetentionMs: number;
  readonly clock: Clock;
}

/** The store that several machines share. */
export function openMongodb({ uri, database, logRetentionMs, clock }: Options): Store {
  const connection = createConnection({ uri, database, indexes });
  return {
    kind: 'mongodb',
    keys: createKeys(connection),
    joinTokens: createJoinTokens(connection),
    nodes: createNodes(connection),
    logs: createLogs({ connection, clock, retentionMs: logRetentionMs }),
    estimates: createEstimates(connection),
    runs: createRuns(connection),
    documents: createDocuments(connection),
    ping: connection.ping,
    close: connection.close,
  };
}

import { join } from 'node:path';
import type { Clock, Store } from '@tutti/core';
import type { Shutdown } from '@tutti/runtime';
import { createLog, createLogWriter, type Log, type LogWriter } from '@tutti/runtime/log';
import { openStore } from '@tutti/runtime/store';
import type { Config } from '../config.ts';
import { watchStore, type StoreHealth } from '../observation/store-health.ts';

/** What outlives the process, and the log of all processes, which goes there. */
export interface Records {
  readonly store: Store;
  readonly log: Log;
  readonly logWriter: LogWriter;
  readonly storeHealth: () => StoreHealth;
}

/** At the end, the log's last lines get so long to reach the store. */
const lastLinesMs = 2_000;
const dayMs = 24 * 60 * 60_000;

/** `consoleLog` hears of what goes wrong with the store itself. */
export async function openRecords(config: Config, consoleLog: Log, clock: Clock, shutdown: Shutdown): Promise<Records> {
  const { dataFolder, logging, mongodb } = config.settings.current;
  const store = await openStore({
    mongodbUri: mongodb.uri,
    mongodbDatabase: mongodb.database,
    file: join(dataFolder, 'tutti.db'),
    logRetentionMs: logging.retentionDays * dayMs,
    clock,
  });
  shutdown.add('store', () => store.close());
  const logWriter = createLogWriter({ append: (lines) => store.logs.append(lines), clock, log: consoleLog });
  shutdown.add('log', () => logWriter.flush(lastLinesMs));
  const health = watchStore({ store, lines: () => logWriter.stats, clock });
  shutdown.add('store health', () => health.close());
  const log = createLog({
    service: 'orchestrator',
    level: config.logLevel,
    file: logging.file || undefined,
    sinks: [logWriter.write],
  });
  return { store, log, logWriter, storeHealth: health.read };
}

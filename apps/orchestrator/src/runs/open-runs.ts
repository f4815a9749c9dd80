import type { Clock, Generate, Store, Ticket } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import { createTurn, patterns } from '@tutti/core/patterns';
import type { Shutdown } from '@tutti/runtime';
import type { Config as Settings } from '@tutti/runtime/config';
import type { Log } from '@tutti/runtime/log';
import type { Door, Enter } from '../door.ts';
import { createTools } from '../tools/tools.ts';
import { availableModels, isResident } from './available-models.ts';
import { createDebateTally, type DebateTally } from './debate-tally.ts';
import { createRuns, type Runs } from './runs.ts';

interface Options {
  readonly store: Pick<Store, 'runs' | 'documents'>;
  readonly cluster: Cluster;
  readonly generate: Generate;
  readonly door: Pick<Door, 'enter'>;
  /** Lets a new run in. */
  readonly enter: Enter;
  readonly nextTicket: () => Ticket;
  readonly orchestratorId: string;
  readonly settings: Pick<Settings, 'current'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Runs of every pattern, over the models of a cluster; of debates is counted how they end. */
export function openRuns(options: Options, shutdown: Shutdown): { readonly runs: Runs; readonly tally: DebateTally } {
  const { store, cluster, door, settings, ...passed } = options;
  const { clock, log } = passed;
  const tools = createTools({
    clock,
    allowedUrls: () => settings.current.server.fetchUrls,
    rules: () => settings.current.tools,
  });
  const tally = createDebateTally({ documents: store.documents.parameters, clock, log });
  const runs = createRuns({
    ...passed,
    repository: store.runs,
    patterns: { ...patterns, turn: createTurn(tools) },
    models: () => availableModels(cluster),
    isResident: (model) => isResident(cluster, model),
    reenter: door.enter,
    isFull: () => cluster.waiting >= settings.current.server.queueSize,
    leaseMs: settings.current.server.runLeaseMs,
    onEnded: tally.note,
  });
  shutdown.add('runs', () => runs.close());
  return { runs, tally };
}

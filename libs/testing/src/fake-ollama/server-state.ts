import type { Clock } from '@tutti/core';
import type { Faults } from './faults.ts';
import type { ModelTable } from './model-table.ts';
import type { Runners } from './runners.ts';
import type { Answering } from './script.ts';

/** What all routes of one fake share. */
export interface ServerState {
  readonly version: string;
  readonly clock: Clock;
  readonly stamp: () => string;
  readonly answering: Answering;
  readonly firstTokenDelayMs: number;
  readonly tokenDelayMs: number;
  readonly contextLength: number;
  readonly keepAliveMs: number;
  readonly runners: Runners;
  readonly faults: Faults;
  models: ModelTable;
}

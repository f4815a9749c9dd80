import type { Clock } from '@tutti/core';
import type { Processor } from '@tutti/simulation';
import type { BlobStore } from './blobs.ts';
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
  readonly prefillSpeed: number | undefined;
  readonly decodeSpeed: number | undefined;
  readonly contextLength: number;
  readonly memoryBytes: number;
  readonly runners: Runners;
  /** What requests with speeds share. */
  readonly processor: Processor;
  readonly faults: Faults;
  /** Time between two lines of a pull. */
  readonly pullStepMs: number;
  readonly blobs: BlobStore;
  models: ModelTable;
  /** Requests that go on burning without their clients. */
  zombies: number;
}

import type { AdminHealth, ClusterStatus, Node } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import type { ConfigValues } from '@tutti/runtime/config';

/** What a check has found. Only `broken` keeps something from working. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'broken';
  readonly detail: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** What the checks look at, read once. What could not be read is the error. */
export interface Patient {
  readonly settings: ConfigValues | Error;
  /** As an agent started here would have them; undefined: it would not start. */
  readonly agentSettings: ConfigValues['agent'] | undefined;
  /** Of the configuration; undefined: there is none. */
  readonly configFile: string | undefined;
  readonly client: Client | Error;
  readonly cluster: Cluster | Error;
}

export interface Cluster {
  readonly status: ClusterStatus;
  readonly nodes: readonly Node[];
  readonly health: AdminHealth;
  /** How far its clock is ahead of ours; to the second. */
  readonly aheadMs: number;
}

/** Undefined: there is nothing to say. */
export type Check = (patient: Patient) => Promise<Finding | undefined> | Finding | undefined;

export function ok(check: string, detail: string): Finding {
  return { check, status: 'ok', detail };
}

export function warning(check: string, detail: string, fix: string): Finding {
  return { check, status: 'warning', detail, fix };
}

export function broken(check: string, detail: string, fix: string): Finding {
  return { check, status: 'broken', detail, fix };
}

import type { JsonObject } from '@tutti/core/patterns';
import type { Client } from '../connection/client.ts';
import { runPath } from './run-path.ts';

/** The journal of a run, as the orchestrator gives it. */
export function readFixture(client: Client, id: string): Promise<JsonObject> {
  return client.json<JsonObject>('GET', runPath(id, 'fixture'));
}

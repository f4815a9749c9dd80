import { callFor, contextWith } from '../calls.fixture.ts';
import { Priority, Privacy } from '../generate.ts';
import type { Demand } from '../routing/demand.ts';
import type { Waiting } from './fair-queue.ts';

interface Facts {
  readonly name?: string;
  readonly tenant?: string;
  readonly priority?: Priority;
  readonly model?: string;
  readonly work?: number;
  readonly since?: number;
  /** Id of the run that makes it. */
  readonly run?: string;
}

/** A waiting call with a name, for tests to tell it by. */
export interface NamedCall extends Waiting {
  readonly name: string;
}

export function demandWith(changes: Partial<Demand> = {}): Demand {
  return {
    model: 'm:latest',
    kind: 'generate',
    capabilities: [],
    promptTokens: 0,
    maxOutputTokens: Infinity,
    numCtx: undefined,
    runnerOptions: '',
    prefix: [],
    tenant: 'a',
    priority: Priority.DEFAULT,
    privacy: Privacy.CLUSTER,
    node: undefined,
    tier: undefined,
    ...changes,
  };
}

/** A call that has just come. */
export function waitingCall({
  name = '',
  tenant = 'a',
  priority = Priority.DEFAULT,
  model = 'm:latest',
  work = 1,
  since = 0,
  run,
}: Facts = {}): NamedCall {
  const demand = demandWith({ tenant, priority, model });
  const context = contextWith({ priority, ...(run !== undefined && { run }) });
  return { name, call: callFor(model), context, demand, since, work };
}

/** The same call, for its next attempt. */
export function again<T extends Waiting>(entry: T): T {
  return { ...entry, context: { ...entry.context } };
}

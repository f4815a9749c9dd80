import { fromJson, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import type { JsonObject, RunEnd, RunEntry } from '@tutti/core/patterns';
import { plainObject, usageOf } from './execution-parts.ts';

interface Facts {
  readonly id: string;
  readonly started: RunEntry;
  readonly ended: RunEntry;
  readonly end: RunEnd;
}

/** How a pattern's result is told: its message, and the field in it that is the answer. */
export interface ResultShape<D extends DescMessage> {
  readonly pattern: string;
  readonly schema: D;
  readonly answer: string;
}

/**
 * The result of a run as the message of the pattern that was asked for. If a cheaper one ran, only its answer stands
 * there. Throws what the run has failed with.
 */
export function patternResult<D extends DescMessage>(shape: ResultShape<D>, facts: Facts): MessageShape<D> {
  const { pattern, schema, answer } = shape;
  const { id, started, ended, end } = facts;
  const { state, result, error, spent } = end;
  if (error) throw new ClusterError(error.reason, `${error.message} (The run is ${id}.)`);
  const isSame = started.event.type === 'started' && started.event.pattern === pattern;
  const own: JsonObject = (isSame ? result : undefined) ?? {};
  const json = {
    ...own,
    [answer]: own[answer] ?? result?.text ?? '',
    ...{ id, state: `EXECUTION_STATE_${state}`, usage: usageOf(spent) },
    executionTimeMs: Math.max(0, ended.time - started.time),
    degraded: [...downgradeOf(started), ...((result?.degraded as readonly string[] | undefined) ?? [])],
  };
  return fromJson(schema, plainObject(json), { ignoreUnknownFields: true });
}

function downgradeOf({ event }: RunEntry): string[] {
  if (event.type !== 'started' || !event.downgraded) return [];
  const { from, resource } = event.downgraded;
  return [`The budget has too few ${resource} for ${from}: ${event.pattern} has answered.`];
}

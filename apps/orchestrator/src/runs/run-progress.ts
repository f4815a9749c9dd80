import type { RunState } from '@tutti/core';
import type { RunEntry } from '@tutti/core/patterns';

/** Where a run stands, as its journal tells. */
export function runStateOf(entries: readonly RunEntry[]): RunState {
  const end = entries.at(-1)?.event;
  if (end?.type === 'ended') return end.state;
  return waitingSteps(entries).size > 0 ? 'WAITING' : 'RUNNING';
}

/** Ids of the steps for which a person is asked now. */
export function waitingSteps(entries: readonly RunEntry[]): ReadonlySet<string> {
  const waiting = new Set<string>();
  for (const { event } of entries) {
    if (event.type === 'waiting') waiting.add(event.step);
    else if (event.type === 'stepped' || event.type === 'failed' || event.type === 'dropped')
      waiting.delete(event.step);
  }
  return waiting;
}

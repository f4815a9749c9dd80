import type { RunEntry } from '@tutti/core/patterns';

/**
 * Milliseconds that a run takes at least: in each stage as long as its slowest lane, stage after stage. What was dropped
 * was not waited for.
 */
export function criticalPathMs(entries: readonly RunEntry[]): number {
  const stages = new Map<string, Map<string, number>>();
  for (const { event } of entries) {
    if (event.type !== 'answered') continue;
    const { stage, lane } = placeOf(event.step);
    const lanes = stages.get(stage) ?? new Map<string, number>();
    stages.set(stage, lanes);
    lanes.set(lane, (lanes.get(lane) ?? 0) + event.answer.durationMs);
  }
  return [...stages.values()].reduce((sum, lanes) => sum + Math.max(...lanes.values()), 0);
}

/** Steps of one lane wait for each other, lanes of a stage do not. The last task of the scripts' plans builds on the others. */
function placeOf(step: string): { readonly stage: string; readonly lane: string } {
  const [head = '', id = ''] = step.split('.');
  if (head === 'task') return { stage: id === 't3' ? step.slice(0, 7) : head, lane: id };
  if (head === 'larger') return { stage: id === '1' ? step : head, lane: id };
  if (head === 'judge') return { stage: `judge.${id.split('-').toSorted().join('-')}`, lane: id };
  return { stage: head, lane: id };
}

import type { Run, RunSummary } from '../connection/api.ts';
import { resultText } from '../runs/result-text.ts';
import { measured, relative } from './format.ts';
import { oneLine } from './one-line.ts';
import { shownState, stepTable } from './step-table.ts';
import { facts, table } from './table.ts';
import { tallyText } from './tally-text.ts';

const mostCharacters = 60;

/** Runs in a list. `now` in ms since 1970. */
export function runTable(runs: readonly RunSummary[], now: number): string {
  const rows = runs.map(({ id, pattern, state, startTime, endTime, query }) => [
    ...[id, pattern, shownState(state), relative(startTime, now), lasting(startTime, endTime, now)],
    oneLine(query, mostCharacters),
  ]);
  return table(['ID', 'PATTERN', 'STATE', 'STARTED', 'TOOK', 'QUESTION'], rows);
}

/** A run with its steps and its answer. */
export function runSheet(run: Run, now: number): string {
  const { id, pattern, state, query, startTime, endTime, steps, result, error, spent, downgradedFrom } = run;
  const degraded = (result?.degraded as readonly string[] | undefined) ?? [];
  const head = facts([
    [
      'pattern',
      downgradedFrom === undefined ? pattern : `${pattern}, because the budget is too small for ${downgradedFrom}`,
    ],
    ['state', shownState(state)],
    ['question', oneLine(query, 300)],
    ['started', relative(startTime, now)],
    ['took', lasting(startTime, endTime, now)],
    ['spent', spent ? `${spent.calls} calls, ${spent.outputTokens} tokens` : ''],
    ['error', error?.message ?? ''],
    ['degraded', degraded.join('; ')],
    ['debates', tallyText(result)],
  ]);
  const parts = [`Run ${id}\n${head}`, steps.length > 0 ? stepTable(steps) : '', resultText(result) ?? ''];
  return parts.filter((part) => part !== '').join('\n\n');
}

function lasting(startTime: string, endTime: string | undefined, now: number): string {
  return measured((endTime === undefined ? now : Date.parse(endTime)) - Date.parse(startTime));
}

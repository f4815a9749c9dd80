import { colour } from './colour.ts';
import { oneLine } from './one-line.ts';
import { table } from './table.ts';

/** A step of a run. */
export interface StepRow {
  readonly id: string;
  readonly role: string;
  readonly state: string;
  readonly model?: string | undefined;
  readonly node?: string | undefined;
  /** What it says, or why it says nothing. */
  readonly text?: string | undefined;
}

const mostCharacters = 60;

export function stepTable(steps: readonly StepRow[]): string {
  const rows = steps.map(({ id, role, state, model = '', node = '', text = '' }) => [
    ...[id, role, shownState(state), model, node],
    oneLine(text, mostCharacters),
  ]);
  return table(['STEP', 'ROLE', 'STATE', 'MODEL', 'NODE', 'SAYS'], rows);
}

const styles: Readonly<Record<string, Parameters<typeof colour>[0]>> = {
  RUNNING: 'cyan',
  WAITING: 'yellow',
  COMPLETED: 'green',
  FAILED: 'red',
};

/** The state of a run, a step or a task, in its colour. */
export function shownState(state: string): string {
  return colour(styles[state] ?? 'dim', state);
}

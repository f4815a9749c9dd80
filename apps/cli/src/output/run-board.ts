import type { RunEvent } from '../connection/api.ts';
import { oneLine } from './one-line.ts';
import { describeNote, type RunNote, type Task } from './run-note.ts';
import { endOf } from './run-event-lines.ts';
import { shownState, stepTable, type StepRow } from './step-table.ts';
import { table } from './table.ts';

/** A run as its events show it: its tasks, its steps, what was told last. */
export interface RunBoard {
  add(event: RunEvent): void;
  text(): string;
}

const lastNotes = 6;
const mostCharacters = 60;

export function createRunBoard(id: string): RunBoard {
  const steps = new Map<string, StepRow>();
  const statuses = new Map<string, string>();
  let tasks: readonly Task[] = [];
  let notes: string[] = [];
  let pattern = '';
  let end = '';

  const note = (told: RunNote): void => {
    if (told.kind === 'plan' && Array.isArray(told.tasks)) tasks = told.tasks as Task[];
    else if (told.kind === 'task') statuses.set(String(told.id), String(told.status));
    else notes = [...notes, ...describeNote(told)].slice(-lastNotes);
  };

  return {
    add(event) {
      const { type, step } = event;
      if (type === 'started') pattern = event.pattern ?? '';
      else if (type === 'noted') note(event.note ?? {});
      else if (type === 'ended') end = endOf(event);
      else if (step !== undefined) steps.set(step, changedStep(steps.get(step) ?? newStep(event), event));
    },
    text() {
      const parts = [
        `${pattern} ${id}`,
        tasks.length + statuses.size > 0 ? taskTable(tasks, statuses) : '',
        steps.size > 0 ? stepTable([...steps.values()]) : '',
        notes.join('\n'),
        end,
      ];
      return parts.filter((part) => part !== '').join('\n\n');
    },
  };
}

function newStep({ step = '', role = '', model }: RunEvent): StepRow {
  return { id: step, role, state: 'RUNNING', model };
}

/** A step after one more event. */
function changedStep(step: StepRow, { type, model, node, text = '', why, error, question }: RunEvent): StepRow {
  switch (type) {
    case 'said':
      return { ...step, text: (step.text ?? '') + text };
    case 'answered':
      return { ...step, state: 'COMPLETED', model, node, text };
    case 'stepped':
      return { ...step, state: 'COMPLETED' };
    case 'failed':
      return { ...step, state: 'FAILED', text: error?.message };
    case 'dropped':
      return { ...step, state: 'DROPPED', text: why };
    case 'waiting':
      return { ...step, state: 'WAITING', text: question?.prompt };
    default:
      return step;
  }
}

/** Tasks below those whose results they need, further in. */
function taskTable(planned: readonly Task[], statuses: ReadonlyMap<string, string>): string {
  const known = new Set(planned.map(({ id }) => id));
  const tasks = [...planned, ...[...statuses.keys()].filter((id) => !known.has(id)).map((id): Task => ({ id }))];
  const depth = depthsOf(tasks);
  const rows = tasks
    .toSorted((a, b) => depth.get(a.id)! - depth.get(b.id)!)
    .map(({ id, role, type, task, content, dependencies = [] }) => [
      `${'  '.repeat(depth.get(id)!)}${id}`,
      shownState(statuses.get(id) ?? 'PENDING'),
      role ?? type?.toLowerCase() ?? '',
      dependencies.join(', '),
      oneLine(task ?? content ?? '', mostCharacters),
    ]);
  return table(['TASK', 'STATE', 'ROLE', 'AFTER', 'WHAT'], rows);
}

/** How many tasks stand before each, one behind the other. Plans have no cycles. */
function depthsOf(tasks: readonly Task[]): ReadonlyMap<string, number> {
  const depths = new Map(tasks.map(({ id }) => [id, 0]));
  for (const _ of tasks) {
    for (const { id, dependencies = [] } of tasks) {
      depths.set(id, Math.max(0, ...dependencies.map((before) => (depths.get(before) ?? -1) + 1)));
    }
  }
  return depths;
}

import { ClusterError } from '../error.ts';
import type { Resource } from './budget.ts';
import type { JournalWriter } from './journal.ts';
import type { StepLabel } from './question.ts';
import type { Past } from './replay.ts';
import { createStep, type Step } from './step.ts';

/** What the budget lacks for a step; "wait": it may be there when an open call ends. */
export type Lacking = Resource | 'wait' | undefined;

interface NewStep<T> {
  readonly id: string;
  readonly hash: string;
  readonly label: StepLabel;
  readonly model?: string;
  /** Begins it in this process. */
  readonly begin: (step: Step<T>) => Lacking;
}

interface Options {
  readonly past: Past;
  readonly writer: JournalWriter;
  readonly turn: () => Promise<void>;
  readonly isResident: (model: string) => boolean;
  /** The budget does not have what a step needs. */
  readonly onLacking: (resource: Resource) => void;
  /** A step asks something else than it did before a crash. */
  readonly onDiverged: (error: ClusterError) => void;
}

/** The steps of a run: those that were asked, and those of them that have not begun. */
export interface Steps {
  add<T>(step: NewStep<T>): Step<T>;
  /** A second name for a step. */
  alias(id: string, hash: string, step: Step): boolean;
  find(id: string): Step | undefined;
  /** The journal has its end: it does not begin here. */
  answered(id: string): void;
  /** From now on steps begin; until then the journal answers. */
  open(): void;
  /** Looks again whether steps that wait can begin. */
  beginSoon(): void;
  /** Nothing begins any more, and what is open stops. */
  abort(): void;
  /** As `abort`, and what is open is dropped. */
  close(): void;
}

const stepIds = /^[a-zA-Z0-9][a-zA-Z0-9.-]{0,99}$/;

export function createSteps({ past, writer, turn, isResident, onLacking, onDiverged }: Options): Steps {
  const steps = new Map<string, Step>();
  const begins = new Map<Step, () => Lacking>();
  let state: 'replayed' | 'live' | 'aborted' | 'closed' = 'replayed';
  let scheduled = false;

  const rank = ({ model }: Step): number => (model === undefined ? 0 : isResident(model) ? 1 : 2);

  /** Steps of one turn begin together: models in memory first, and the questions of each model in a row. */
  const beginAll = (): void => {
    scheduled = false;
    if (state !== 'live') return;
    const order = [...begins.keys()].toSorted((a, b) => rank(a) - rank(b) || byName(a.model, b.model));
    for (const step of order) {
      const lacking = begins.get(step)?.();
      if (lacking === 'wait') continue;
      begins.delete(step);
      if (lacking) return onLacking(lacking);
    }
  };

  const beginSoon = (): void => {
    if (state !== 'live' || scheduled || begins.size === 0) return;
    scheduled = true;
    void turn().then(beginAll);
  };

  /** Whether an earlier process has asked it. */
  const checked = (id: string, hash: string): boolean => {
    if (!stepIds.test(id)) throw new ClusterError('internal', `"${id}" is no id of a step.`);
    if (steps.has(id)) throw new ClusterError('internal', `The step "${id}" is asked twice.`);
    try {
      return past.asked(id, hash);
    } catch (thrown) {
      onDiverged(ClusterError.from(thrown));
      return true;
    }
  };

  return {
    add({ id, hash, label, model, begin }) {
      const recorded = checked(id, hash);
      const step = createStep<never>({ id, hash, label, model, recorded }, (why) => {
        // One that runs is told of when it has ended, with what it took.
        if (begins.delete(step) && !past.dropped(id)) writer.push({ type: 'dropped', step: id, why });
      });
      steps.set(id, step);
      if (state === 'closed') step.drop('the run is over');
      else begins.set(step, () => begin(step));
      beginSoon();
      return step;
    },
    alias(id, hash, step) {
      const recorded = checked(id, hash);
      steps.set(id, step);
      return recorded;
    },
    find: (id) => steps.get(id),
    answered(id) {
      const step = steps.get(id);
      if (step) begins.delete(step);
    },
    open() {
      if (state !== 'replayed') return;
      state = 'live';
      beginAll();
    },
    beginSoon,
    abort() {
      state = 'aborted';
      for (const step of steps.values()) step.abort();
    },
    close() {
      state = 'closed';
      begins.clear();
      for (const step of steps.values()) step.drop('the run is over');
    },
  };
}

function byName(a = '', b = ''): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import { ClusterError } from '../error.ts';
import type { Asked } from './pattern.ts';
import type { StepLabel } from './question.ts';

/** Something that a pattern asked for, until it has its answer. */
export interface Step<T = unknown> extends Asked<T> {
  readonly hash: string;
  readonly label: StepLabel;
  /** The model that is asked; undefined: it is no call. */
  readonly model: string | undefined;
  /** Whether the journal has it from an earlier process. */
  readonly recorded: boolean;
  /** Aborts when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  /** Whether it has its answer, or is dropped. */
  readonly settled: boolean;
  /** Why it was dropped; undefined: it was not. */
  readonly dropped: string | undefined;
  resolve(value: T): void;
  reject(error: ClusterError): void;
  /** Why it is not waited for any more; undefined: it is. */
  readonly late: ClusterError | undefined;
  /** Stops what it does, without an end. */
  abort(): void;
  /** Stops what it does; its end is this error. */
  giveUp(error: ClusterError): void;
}

/** Plain fields: an object with accessors of its own is a table of half a kilobyte, and a thousand runs have many steps. */
interface OpenStep<T> extends Step<T> {
  settled: boolean;
  dropped: string | undefined;
  late: ClusterError | undefined;
}

type Facts = Pick<Step, 'id' | 'hash' | 'label' | 'model' | 'recorded'>;

export function createStep<T>(facts: Facts, onDrop: (why: string) => void): Step<T> {
  const controller = new AbortController();
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  // Patterns may look at it later, or never.
  promise.catch(() => {});
  const step: OpenStep<T> = {
    ...facts,
    answer: promise,
    signal: controller.signal,
    settled: false,
    dropped: undefined,
    late: undefined,
    resolve(value) {
      step.settled = true;
      resolve(value);
    },
    reject(error) {
      step.settled = true;
      reject(error);
    },
    abort: () => controller.abort(),
    giveUp(error) {
      step.late = error;
      controller.abort();
    },
    drop(why) {
      if (step.settled) return;
      step.settled = true;
      step.dropped = why;
      controller.abort();
      reject(new ClusterError('client_closed', `The step "${facts.id}" was dropped: ${why}.`));
      onDrop(why);
    },
  };
  return step;
}

/** A second asking of a step: the same answer, dropped by itself. */
export function sharedStep<T>(id: string, { answer }: Step<T>): Asked<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  promise.catch(() => {});
  answer.then(resolve, reject);
  return {
    id,
    answer: promise,
    drop: (why) => reject(new ClusterError('client_closed', `The step "${id}" was dropped: ${why}.`)),
  };
}

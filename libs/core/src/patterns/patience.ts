import type { Asked, RunContext } from './pattern.ts';
import type { Answer } from './question.ts';

/** A model that has to be loaded first may take so long. */
const leastMs = 60_000;

/** How long a run waits for the last of several that it has asked. */
export interface Patience {
  /** The one at that place has answered; undefined: it has failed. */
  ended(index: number, answer: Answer | undefined): void;
  /** Nobody is waited for any more. */
  over(): void;
}

/**
 * When more than half have answered, the others have twice as long as the slowest of these took. Who has not answered
 * then is dropped.
 */
export function createPatience(
  asked: readonly Asked<Answer>[],
  context: Pick<RunContext, 'pause' | 'degraded'>,
): Patience {
  const open = new Set(asked);
  const durationsMs: number[] = [];
  let pause: Asked<unknown> | undefined;

  const end = (): void => {
    for (const { id, drop } of open) {
      context.degraded(`${id}: it took more than twice as long as the others`);
      drop('the others have long answered');
    }
  };

  return {
    ended(index, answer) {
      open.delete(asked[index]!);
      if (answer) durationsMs.push(answer.durationMs);
      if (pause || durationsMs.length <= asked.length / 2) return;
      pause = context.pause('patience', Math.max(leastMs, 2 * Math.max(...durationsMs)));
      pause.answer.then(end, () => {});
    },
    over: () => pause?.drop('all have ended'),
  };
}

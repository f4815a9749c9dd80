import { ClusterError } from './error.ts';
import { createAttempts } from './failure/attempts.ts';
import { createQuarantine, type Quarantine } from './failure/quarantine.ts';
import { createRetryBudget, type RetryBudget } from './failure/retry-budget.ts';
import type { Generate } from './generate.ts';
import type { Clock, Random } from './ports.ts';

interface Options {
  readonly clock: Clock;
  readonly random: Random;
  /** Most attempts that reach a node, the first one included; each on another node. */
  readonly attempts?: number;
  readonly budget?: RetryBudget;
  readonly quarantine?: Quarantine;
}

/**
 * Tries a call again on another node, as long as nothing of an answer has gone out: the first delta commits the call,
 * and what fails after that fails. The call keeps its place in the queue. A node that had not taken the call yet costs
 * no attempt, and may be asked once more if nobody else is left.
 */
export function retried({ clock, random, attempts: most = 3, ...shared }: Options, next: Generate): Generate {
  const { budget = createRetryBudget({ clock }), quarantine = createQuarantine({ clock }) } = shared;
  const options = { clock, random, attempts: most, budget, quarantine };

  return async function* (call, context) {
    const attempts = createAttempts(options, call, context);
    for (;;) {
      let error: ClusterError | undefined;
      const own = attempts.begin();
      let complete = false;
      try {
        for await (const chunk of next(call, own)) {
          if (!attempts.see(chunk)) break;
          yield chunk;
        }
      } catch (thrown) {
        error = ClusterError.from(thrown);
      } finally {
        complete = attempts.complete();
      }
      if (complete && !error) return;
      const told = attempts.after(error);
      if (told) yield told;
      await attempts.ready();
    }
  };
}

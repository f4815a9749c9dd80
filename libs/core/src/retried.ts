import { ClusterError } from './error.ts';
import { createAttempts, type Attempts } from './failure/attempts.ts';
import { createQuarantine, type Quarantine } from './failure/quarantine.ts';
import { createRetryBudget, type RetryBudget } from './failure/retry-budget.ts';
import type { Call, Chunk, Context, Generate } from './generate.ts';
import type { Clock, Random } from './ports.ts';
import { beginning } from './streams/beginning.ts';
import { opened } from './streams/opened.ts';
import { streamOf, type Stream } from './streams/stream.ts';
import { tapped } from './streams/tapped.ts';

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

  const run = async function* (call: Call, context: Context): AsyncGenerator<Chunk, Stream<Chunk>> {
    const attempts = createAttempts(options, call, context);
    for (;;) {
      const chunks = streamOf(next(call, attempts.begin()));
      let begun = false;
      let error: ClusterError | undefined;
      try {
        begun = yield* beginning(chunks, attempts.see);
      } catch (thrown) {
        error = ClusterError.from(thrown);
      } finally {
        if (!begun) attempts.complete();
      }
      if (begun) return committed(chunks, attempts);
      const told = attempts.after(error);
      if (told) yield told;
      await attempts.ready();
    }
  };
  return (call, context) => opened(run(call, context));
}

/** The rest of an answer that has begun: what fails now fails. */
function committed(chunks: Stream<Chunk>, attempts: Attempts): Stream<Chunk> {
  return tapped(() => ({
    items: chunks,
    see: attempts.see,
    end(thrown) {
      const complete = attempts.complete();
      if (thrown !== undefined) attempts.after(ClusterError.from(thrown));
      else if (!complete) attempts.after(undefined);
    },
    leave: attempts.complete,
  }));
}

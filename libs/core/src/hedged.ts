import type { Progress } from '@tutti/proto/tutti/agent/v1/chunk';
import { createContestant, type Arrival, type Contestant } from './failure/contestant.ts';
import { isDeath } from './failure/death.ts';
import { createInbox } from './failure/inbox.ts';
import { createRetryBudget, type RetryBudget } from './failure/retry-budget.ts';
import { Priority, type Call, type Chunk, type Context, type Generate } from './generate.ts';
import type { Clock } from './ports.ts';

interface Options {
  readonly clock: Clock;
  /** A second attempt costs a retry. */
  readonly budget: RetryBudget;
  /** How long the first output of such a call may take before it counts as late: the model's 95th percentile. */
  readonly afterMs: (call: Call) => number;
  /** Name of a node, none of `excluded`, with the call's model in memory and a slot free; undefined: there is none. */
  readonly idleResident: (call: Call, excluded: ReadonlySet<string>) => string | undefined;
}

const shortestDelayMs = 2_000;
/** Second attempts by calls. */
const share = { ratio: 0.02, floor: 1 };

/**
 * Asks a second node when the first output of an interactive call is late, and takes whichever answers first; the other
 * is cancelled. Only where that node has the model in memory and a slot to spare. Without options, nothing of this.
 */
export function hedged(options: Options | undefined, next: Generate): Generate {
  if (!options) return next;
  const hedges = createRetryBudget({ clock: options.clock, ...share });
  const twice: Generate = (call, context) => {
    hedges.deposit();
    return race({ ...options, hedges }, next, call, context);
  };
  return (call, context) => (mayHedge(context) ? twice : next)(call, context);
}

function mayHedge({ priority, pin, ticket }: Context): boolean {
  return priority === Priority.INTERACTIVE && pin === undefined && ticket.attempt === 1;
}

async function* race(
  { clock, budget, hedges, afterMs, idleResident }: Options & { readonly hedges: RetryBudget },
  next: Generate,
  call: Call,
  context: Context,
): AsyncGenerator<Chunk> {
  const inbox = createInbox<Arrival | 'late'>();
  const first = createContestant(next, call, context, inbox.post);
  let second: Contestant | undefined;
  let node = '';
  let stopTimer = (): void => {};

  const startSecond = (): void => {
    const excluded = new Set([...context.ticket.excluded, node]);
    const pin = idleResident(call, excluded);
    if (pin === undefined || !hedges.withdraw() || !budget.withdraw()) return;
    second = createContestant(next, call, { ...context, pin, ticket: { ...context.ticket, excluded } }, inbox.post);
    second.read();
  };

  const heedFirst = ({ kind }: Progress): void => {
    if (kind.case !== 'dispatched' || second) return;
    ({ node } = kind.value);
    stopTimer();
    stopTimer = clock.after(Math.max(shortestDelayMs, afterMs(call)), () => inbox.post('late'));
  };

  try {
    first.read();
    for (;;) {
      const arrival = await inbox.take();
      if (arrival === 'late') {
        startSecond();
        continue;
      }
      const { from, chunk, error } = arrival;
      if (!chunk) {
        // That the second one failed is no loss, unless the call killed its node: then it must not kill a third.
        if (from !== first && !(error && isDeath(error, from.told.some(isAcceptance)))) continue;
        if (from !== first) yield* from.told;
        if (error) throw error;
        return;
      }
      if (chunk.kind.case !== 'progress') {
        stopTimer();
        void (from === first ? second : first)?.stop();
        if (from !== first) yield* from.told;
        yield chunk;
        yield* from.rest();
        return;
      }
      from.told.push(chunk);
      if (from === first) {
        heedFirst(chunk.kind.value);
        yield chunk;
      } else if (chunk.kind.value.kind.case === 'queued') {
        // Somebody else was quicker to take the slot.
        void from.stop();
      }
      from.read();
    }
  } finally {
    stopTimer();
    await Promise.all([first.stop(), second?.stop()]);
  }
}

function isAcceptance({ kind }: Chunk): boolean {
  return kind.case === 'progress' && kind.value.kind.case === 'accepted';
}

import type { Progress } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Cluster } from './cluster/cluster.ts';
import { createContestant, type Arrival, type Contestant } from './failure/contestant.ts';
import type { ClusterError } from './error.ts';
import { isDeath } from './failure/death.ts';
import { createFirstOutputs, type FirstOutputs } from './failure/first-outputs.ts';
import { createInbox } from './failure/inbox.ts';
import { createRetryBudget, type RetryBudget } from './failure/retry-budget.ts';
import { Priority, type Call, type Chunk, type Context, type Generate } from './generate.ts';
import type { Clock } from './ports.ts';
import type { Option } from './routing/option.ts';

interface Options {
  readonly clock: Clock;
  readonly cluster: Pick<Cluster, 'options' | 'waiting'>;
  /** Part of the interactive calls that a second node may be asked for. */
  readonly budget: number;
  /** Milliseconds without output after which a call counts as late, if such calls do not usually take longer. */
  readonly afterMs: number;
  /** A second attempt costs a retry. */
  readonly retries: RetryBudget;
}

interface Race extends Options {
  readonly hedges: RetryBudget;
  readonly firstOutputs: FirstOutputs;
}

/**
 * Asks a second node when the first output of an interactive call is late, and takes whichever answers first; the other
 * is cancelled. Only where that node has the model in memory and a slot to spare. Without options, nothing of this.
 */
export function hedged(options: Options | undefined, next: Generate): Generate {
  if (!options) return next;
  const { clock, budget: ratio } = options;
  const hedges = createRetryBudget({ clock, ratio, floor: 1 });
  const firstOutputs = createFirstOutputs();
  const twice: Generate = (call, context) => race({ ...options, hedges, firstOutputs }, next, call, context);
  return (call, context) => (mayHedge(context) ? twice : next)(call, context);
}

function mayHedge({ priority, pin, ticket }: Context): boolean {
  return priority === Priority.INTERACTIVE && pin === undefined && ticket.attempt === 1;
}

/** Name of a node with the call's model in memory and a slot free, as long as nobody waits for one. */
function idleResident({ cluster }: Options, call: Call, context: Context): string | undefined {
  if (cluster.waiting > 0) return undefined;
  const isIdle = ({ kind, startable, parts }: Option): boolean =>
    kind === 'resident' && startable && parts.waitMs === 0;
  return cluster.options(call, context).options.find(isIdle)?.node;
}

async function* race(options: Race, next: Generate, call: Call, context: Context): AsyncGenerator<Chunk> {
  const { clock, hedges, retries, firstOutputs, afterMs } = options;
  const inbox = createInbox<Arrival | 'late'>();
  const first = createContestant(next, call, context, inbox.post);
  let second: Contestant | undefined;
  const over = new Set<Contestant>();
  /** What the first one ended with. */
  let failure: ClusterError | undefined;
  let node: string | undefined;
  let dispatchedAt = 0;
  let stopTimer = (): void => {};

  const startSecond = (): void => {
    const excluded = new Set([...context.ticket.excluded, node!]);
    const elsewhere = { ...context, ticket: { ...context.ticket, excluded } };
    const pin = idleResident(options, call, elsewhere);
    if (pin === undefined || !hedges.withdraw() || !retries.withdraw()) return;
    second = createContestant(next, call, { ...elsewhere, pin }, inbox.post);
    second.read();
  };

  const heedFirst = ({ kind }: Progress): void => {
    if (kind.case !== 'dispatched' || second) return;
    if (node === undefined) hedges.deposit();
    ({ node } = kind.value);
    dispatchedAt = clock.now();
    stopTimer();
    stopTimer = clock.after(Math.max(afterMs, firstOutputs.usualMs(call.model)), () => inbox.post('late'));
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
        // A call that killed a node must not kill another.
        if (error && isDeath(error, from.told.some(isAcceptance))) {
          if (from !== first) yield* from.told;
          throw error;
        }
        over.add(from);
        if (from === first) {
          stopTimer();
          failure = error;
        }
        // As long as one is at work, that the other failed is no loss.
        if (!over.has(first) || (second && !over.has(second))) continue;
        if (failure) throw failure;
        return;
      }
      if (chunk.kind.case !== 'progress') {
        stopTimer();
        firstOutputs.observe(call.model, clock.now() - dispatchedAt);
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

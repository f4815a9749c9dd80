import { progress } from '../chunk.ts';
import { ClusterError } from '../error.ts';
import type { Call, Chunk, Context } from '../generate.ts';
import { pause } from '../pause.ts';
import type { Clock, Random } from '../ports.ts';
import { linkedController, throwIfAborted } from '../signal.ts';
import { ticketWithout } from '../ticket.ts';
import { createAllowance, isFree } from './allowance.ts';
import { isDeath } from './death.ts';
import type { Quarantine } from './quarantine.ts';
import type { RetryBudget } from './retry-budget.ts';

/** The attempts of one call, one after another. */
export interface Attempts {
  /** Begins one: what goes with it. Throws `poison_request` if the call must not be tried. */
  begin(): Context;
  /** Each chunk of it. False: leave the attempt, the node is not for this call now. */
  see(chunk: Chunk): boolean;
  /** It is over; whether the answer is complete. */
  complete(): boolean;
  /** Another one follows: returns what to tell of it, if anything. Throws what the call ends with if none does. */
  after(error: ClusterError | undefined): Chunk | undefined;
  /** Resolves when the next one may begin. */
  ready(): Promise<void>;
}

interface Options {
  readonly clock: Clock;
  readonly random: Random;
  readonly attempts: number;
  readonly budget: RetryBudget;
  readonly quarantine: Quarantine;
}

/** What is known of the running attempt. */
interface Progress {
  node: string | undefined;
  /** Whether the node has taken the call. */
  sent: boolean;
  committed: boolean;
  finished: boolean;
  /** Whether another suspect was found to be tried on the node. */
  crowded: boolean;
}

/** Why a call leaves the queue: a node that it was to keep away from is free of suspects. */
const vacated = new ClusterError('no_slot', 'Another node is free now.');

const atOnce = (): Promise<void> => Promise.resolve();

export function createAttempts(options: Options, call: Call, context: Context): Attempts {
  const { clock, random, budget, quarantine } = options;
  const allowance = createAllowance(budget, options.attempts);
  const { signal, ticket } = context;
  const record = quarantine.record(call, ticket);
  let now: Progress;
  let next = ticket;
  let earlier: ClusterError | undefined;
  /** Only calls that nodes got make room for retries, each once: those that are turned away must not. */
  let counted = ticket.attempt > 1;
  /** Nodes that had not taken the call when they failed it. */
  const untouched = new Set<string>();
  /** Nodes where other suspects are being tried. */
  const crowded = new Set<string>();
  let ready = atOnce;
  let stopWatch = (): void => {};

  const backOff = (): void => {
    const delayMs = random() * Math.min(1_000, 50 * 2 ** (allowance.used - 1));
    if (delayMs > 0) ready = () => pause(clock, delayMs, signal);
  };

  /** Nobody could be asked. */
  const afterRefusal = (error: ClusterError): void => {
    if (signal.aborted || error.reason === 'client_closed') throw error;
    if (crowded.size > 0) {
      crowded.clear();
      if (error !== vacated) ready = () => quarantine.vacancy(signal);
      return;
    }
    // What the last node said tells more than that nobody is left.
    if (untouched.size === 0 || !allowance.takesOne()) throw earlier ?? error;
    next = { ...next, excluded: next.excluded.difference(untouched) };
    untouched.clear();
    backOff();
  };

  /** The context of an attempt that keeps away from nodes only as long as other suspects are there. */
  const apart = (attempt: Progress): Context => {
    const { controller, unlink } = linkedController(signal);
    stopWatch = () => {
      unlink();
      controller.abort(vacated);
    };
    void quarantine.vacancy(controller.signal).then(() => {
      if (attempt.node === undefined) controller.abort(vacated);
    });
    const excluded = next.excluded.union(crowded);
    return { ...context, signal: controller.signal, ticket: { ...next, excluded } };
  };

  const afterFailure = (node: string, error: ClusterError): Chunk => {
    const { sent, committed } = now;
    const poison = isDeath(error, sent) ? record.died(node) : undefined;
    if (poison) throw poison;
    const mayMove = !committed && !signal.aborted && error.retry === 'elsewhere';
    if (!mayMove || !allowance.takes(error, sent)) throw error;
    if (isFree(error, sent)) untouched.add(node);
    // A node that is gone, or turns calls away, says nothing about the next one, so that costs no wait.
    else if (error.reason !== 'node_unreachable') backOff();
    const told = progress({ case: 'retrying', value: { reason: error.reason, attempt: next.attempt } });
    earlier = error;
    crowded.clear();
    next = ticketWithout(next, node);
    return told;
  };

  return {
    begin() {
      record.check();
      now = { node: undefined, sent: false, committed: false, finished: false, crowded: false };
      ready = atOnce;
      return crowded.size === 0 ? { ...context, ticket: next } : apart(now);
    },
    see({ kind }) {
      if (kind.case === 'delta') {
        if (!now.committed) record.leave();
        now.committed = true;
      } else if (kind.case === 'done') {
        now.committed = true;
        now.finished = true;
      } else if (kind.value?.kind.case === 'accepted') {
        now.sent = true;
      } else if (kind.value?.kind.case === 'dispatched') {
        record.leave();
        if (!counted) budget.deposit();
        counted = true;
        now.node = kind.value.kind.value.node;
        now.sent = false;
        now.crowded = !record.enter(now.node);
      }
      return !now.crowded;
    },
    complete() {
      stopWatch();
      record.leave();
      if (now.finished) record.passed();
      return now.finished;
    },
    after(error) {
      if (error === undefined && now.crowded) {
        crowded.add(now.node!);
        return undefined;
      }
      const found = error ?? new ClusterError('bad_upstream', 'The answer ended before it was complete.');
      if (now.node !== undefined) return afterFailure(now.node, found);
      afterRefusal(found);
      return undefined;
    },
    async ready() {
      await ready();
      throwIfAborted(signal);
    },
  };
}

import type { ClusterError, Reason } from '../error.ts';
import type { RetryBudget } from './retry-budget.ts';

/** What one call may still do to get its answer. */
export interface Allowance {
  /** Attempts that count, so far. */
  readonly used: number;
  /** Whether the call may be tried once more after this. `sent`: the node had taken it. Free where nothing can have been done yet. */
  takes(error: ClusterError, sent: boolean): boolean;
  /** As `takes`, whatever happened. */
  takesOne(): boolean;
}

/** Before a node has taken a call, it has done nothing with it, and refuses quickly. */
const free: ReadonlySet<Reason> = new Set(['node_unreachable', 'no_slot', 'draining', 'stale_epoch']);

/**
 * Such retries cost nobody anything, and need no budget: what is gone takes no capacity any more, and whoever loses two
 * nodes ends; what is too busy refuses quickly, and then gets no calls for a while.
 */
const harmless: ReadonlySet<Reason> = new Set(['node_unreachable', 'overloaded']);

export function createAllowance(budget: RetryBudget, attempts: number): Allowance {
  let used = 1;
  let timedOut = false;

  const takesOne = (mayPay = () => budget.withdraw()): boolean => {
    if (used >= attempts || !mayPay()) return false;
    used += 1;
    return true;
  };

  return {
    get used() {
      return used;
    },
    takes(error, sent) {
      if (isFree(error, sent)) return true;
      // Whoever waited that long twice has waited long enough.
      if (error.reason === 'upstream_timeout') {
        if (timedOut) return false;
        timedOut = true;
      }
      return harmless.has(error.reason) ? takesOne(() => true) : takesOne();
    },
    takesOne: () => takesOne(),
  };
}

/** Whether the node can have done nothing with the call. */
export function isFree({ reason }: ClusterError, sent: boolean): boolean {
  return !sent && free.has(reason);
}

import { ClusterError } from '../error.ts';
import type { Estimate } from './pattern.ts';

/** What a run may take at most. */
export interface Budget {
  readonly maxCalls: number;
  /** Tokens that models generate, over all calls. */
  readonly maxTokens: number;
  /** Milliseconds from the start of the run, whoever works on it. */
  readonly maxMs: number;
  /** Calls of models that were not in memory when they were asked. */
  readonly maxSwaps: number;
}

export type Resource = 'calls' | 'tokens' | 'time' | 'swaps';

/** What a call has taken. */
export interface Tokens {
  readonly promptTokens: number;
  /** Tokens that the model generated. */
  readonly outputTokens: number;
}

/** What a run has taken. */
export interface Spent extends Tokens {
  readonly calls: number;
  readonly swaps: number;
}

export const nothing: Spent = { calls: 0, promptTokens: 0, outputTokens: 0, swaps: 0 };

export const defaultBudget: Budget = { maxCalls: 64, maxTokens: 32_768, maxMs: 15 * 60_000, maxSwaps: 64 };

export function withTokens(spent: Spent, { promptTokens, outputTokens }: Tokens): Spent {
  return {
    ...spent,
    promptTokens: spent.promptTokens + promptTokens,
    outputTokens: spent.outputTokens + outputTokens,
  };
}

/** What of the budget an estimate does not fit; undefined: it fits. */
export function overdrawn({ maxCalls, maxTokens }: Budget, { calls, tokens }: Estimate): Resource | undefined {
  if (calls > maxCalls) return 'calls';
  return tokens > maxTokens ? 'tokens' : undefined;
}

/** What is left of a budget, with what open calls may still take set aside. */
export interface Purse {
  readonly spent: Spent;
  /** Takes a call that may generate up to `tokens` tokens: returns how many it is granted, or what there is none of. */
  open(tokens: number, swap: boolean): number | Resource;
  /** As `open`, for a call that was counted before its process died. */
  reopen(tokens: number): number | Resource;
  /** The call ended: what it was granted and did not take is there again. */
  close(granted: number, taken: Tokens): void;
}

/** A grant below this is no answer. */
const fewestTokens = 8;

export function createPurse(budget: Budget, before: Spent): Purse {
  let held = 0;
  const reopen = (wanted: number): number | Resource => {
    const granted = Math.min(wanted, budget.maxTokens - purse.spent.outputTokens - held);
    if (granted < Math.min(wanted, fewestTokens)) return 'tokens';
    held += granted;
    return granted;
  };
  const purse: { spent: Spent } & Purse = {
    spent: before,
    open(wanted, swap) {
      const { spent } = purse;
      if (spent.calls >= budget.maxCalls) return 'calls';
      if (swap && spent.swaps >= budget.maxSwaps) return 'swaps';
      const granted = reopen(wanted);
      if (typeof granted === 'number') {
        purse.spent = { ...spent, calls: spent.calls + 1, swaps: spent.swaps + (swap ? 1 : 0) };
      }
      return granted;
    },
    reopen,
    close(granted, taken) {
      held -= granted;
      purse.spent = withTokens(purse.spent, taken);
    },
  };
  return purse;
}

/** Reads a budget as a client wrote it; what it leaves out is `defaults`. */
export function budgetFrom(given: unknown, defaults: Budget = defaultBudget): Budget {
  if (given === undefined || given === null) return defaults;
  if (typeof given !== 'object') throw refused('budget', given);
  const fields = given as Record<string, unknown>;
  const budget = { ...defaults };
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(defaults, name)) throw refused(`budget.${name}`, value);
    const least = name === 'maxSwaps' ? 0 : 1;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least)
      throw refused(`budget.${name}`, value);
    budget[name as keyof Budget] = value;
  }
  return budget;
}

function refused(param: string, value: unknown): ClusterError {
  const names = Object.keys(defaultBudget).join(', ');
  const message = `${param} is ${JSON.stringify(value)}; a budget has ${names}, each a whole number above 0; maxSwaps may be 0.`;
  return new ClusterError('invalid_request', message, { param });
}

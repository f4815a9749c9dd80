import { ClusterError } from '@tutti/core';
import {
  budgetFrom,
  overdrawn,
  type AvailableModel,
  type Budget,
  type Estimate,
  type JsonObject,
  type Pattern,
  type Resource,
  type RunEvent,
  type RunWishes,
} from '@tutti/core/patterns';

export type Patterns = Readonly<Record<string, Pattern>>;

/** What is asked for. */
export interface Wanted {
  readonly pattern: string;
  /** As the client sent it. */
  readonly body: JsonObject;
  readonly budget?: unknown;
  /** How its models are to answer. */
  readonly wishes?: RunWishes;
}

type Plan = Pick<Extract<RunEvent, { type: 'started' }>, 'pattern' | 'input' | 'budget' | 'downgraded'>;

/** Each pattern names the next cheaper one; that ends well before this. */
const mostSteps = 10;

/**
 * What will run: what is asked for, or the first cheaper way to answer the same that the budget has enough for. Throws
 * `invalid_request` with the estimate if there is none.
 */
export function planRun(
  { pattern: name, body, budget: given }: Wanted,
  patterns: Patterns,
  models: AvailableModel[],
): Plan {
  const budget = budgetFrom(given);
  let pattern = patternOf(patterns, name);
  let input = pattern.parse(body, models);
  let resource: Resource | undefined;
  for (let step = 0; step < mostSteps; step++) {
    const lacking = overdrawn(budget, pattern.estimate(input));
    if (!lacking) {
      return { pattern: pattern.name, input, budget, ...(resource && { downgraded: { from: name, resource } }) };
    }
    resource ??= lacking;
    const next = pattern.simpler?.(input);
    if (!next) break;
    pattern = patternOf(patterns, next.pattern);
    input = pattern.parse(next.body, models);
  }
  throw tooDear(pattern.estimate(input), budget);
}

/** What a client asked, as text: for lists. */
export function queryOf({ query, messages }: JsonObject): string {
  if (typeof query === 'string' && query !== '') return query;
  if (!Array.isArray(messages)) return '';
  const last = (messages as readonly JsonObject[]).findLast((turn) => turn?.role === 'user');
  return typeof last?.content === 'string' ? last.content : '';
}

function patternOf(patterns: Patterns, name: string): Pattern {
  const pattern = Object.hasOwn(patterns, name) ? patterns[name] : undefined;
  if (pattern) return pattern;
  const names = Object.keys(patterns).join(', ');
  throw new ClusterError('not_found', `There is no pattern "${name}"; there is ${names}.`, { param: 'pattern' });
}

function tooDear({ calls, tokens }: Estimate, { maxCalls, maxTokens }: Budget): ClusterError {
  const param = calls > maxCalls ? 'budget.maxCalls' : 'budget.maxTokens';
  const least = `This takes at least ${calls} calls and ${tokens} tokens`;
  const message = `${least}, and the budget has ${maxCalls} and ${maxTokens}. Raise ${param}, or ask fewer models.`;
  return new ClusterError('invalid_request', message, { param });
}

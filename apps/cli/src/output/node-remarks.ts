import type { Node } from '../connection/api.ts';
import { measured } from './format.ts';

type Breaker = NonNullable<Node['breaker']>;

/** What keeps calls away from a node though it is there, a sentence each. */
export function breakerRemarks(breaker: Breaker | undefined): string[] {
  if (!breaker) return [];
  const models = breaker.models.map((each) => sentence(`calls of ${each.model}`, each));
  return breaker.state === 'closed' ? models : [sentence('calls', breaker), ...models];
}

function sentence(
  what: string,
  { state, failures, retryInMs, reason }: Pick<Breaker, 'state' | 'failures' | 'retryInMs' | 'reason'>,
): string {
  const cause = reason === '' ? '' : ` (${reason})`;
  const when = state === 'half-open' || retryInMs === 0 ? 'one tries now' : `one tries in ${measured(retryInMs)}`;
  return `${what} stay away after ${failures} failures${cause}: ${when}`;
}

/** The first of its warnings, and how many there are besides. */
export function warningRemark({ name, warnings }: Pick<Node, 'name' | 'warnings'>): string[] {
  const [first, ...others] = warnings;
  if (first === undefined) return [];
  return [others.length === 0 ? first : `${first} ${others.length} more: "tutti node ${name}".`];
}

import { nothing, withTokens, type Spent } from './budget.ts';
import type { RunEntry, RunEvent } from './run-event.ts';

/** What a journal says that was spent. A call counts when it is asked, its tokens when it ends. */
export function spentIn(entries: readonly RunEntry[]): Spent {
  return entries.reduce((spent, { event }) => spentWith(spent, event), nothing);
}

function spentWith(spent: Spent, event: RunEvent): Spent {
  if (event.type === 'answered') return withTokens(spent, event.answer);
  if (event.type === 'failed' || event.type === 'dropped')
    return event.tokens ? withTokens(spent, event.tokens) : spent;
  if (event.type !== 'asked' || event.model === undefined || event.sameAs !== undefined) return spent;
  return { ...spent, calls: spent.calls + 1, swaps: spent.swaps + (event.swap ? 1 : 0) };
}

import type { NodeFacts } from '../node-facts.ts';
import type { Policy, Route } from '../policy.ts';
import { cheapestOfEach, drawn, leastBy, startableOrAll } from './candidates.ts';
import { slowStartShare } from './slow-start.ts';

/** Takes the node that would be the least busy with the call, by calls and slots. `temperature`: how often chance decides. */
export function leastBusyPolicy({ temperature = 0, slowStartMs }: Route): Policy {
  return {
    pick(_demand, options, { now, random, facts }) {
      const open = cheapestOfEach(startableOrAll(options));
      const share = (node: string): number => slowStartShare(facts(node), now, slowStartMs);
      const byChance =
        temperature > 0 && random() < temperature ? drawn(open, ({ node }) => share(node), random()) : undefined;
      return byChance ?? leastBy(open, ({ node }) => (callsOn(facts(node)) + 1) / (facts(node).slots * share(node)));
    },
  };
}

/** Ours, those of other orchestrators, and those that the backend may still be burning on. */
function callsOn({ calls, runners, zombies }: NodeFacts): number {
  return runners.reduce((sum, { foreignCalls }) => sum + foreignCalls, calls.length + zombies);
}

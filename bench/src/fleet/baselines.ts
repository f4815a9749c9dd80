import { pick } from '@tutti/simulation';
import { atArrival, type Candidate } from './at-arrival.ts';

/** One node after the other, each model's calls in a circle of their own. */
export const roundRobin = atArrival('round-robin', () => {
  const turns = new Map<string, number>();
  return ({ model }, candidates) => {
    const turn = turns.get(model) ?? 0;
    turns.set(model, turn + 1);
    return candidates[turn % candidates.length]!;
  };
});

export const random = atArrival('random', () => (_, candidates, world) => pick(world.random, candidates));

/** The node with the fewest calls; of equals any. */
export const leastConnections = atArrival(
  'least-connections',
  () => (_, candidates, world) => pick(world.random, fewestCalls(candidates)),
);

/** Of the nodes that have the model in memory and a slot for it the one with the fewest calls; if none has, of all. */
export const warmFirst = atArrival('warm-first', () => ({ model }, candidates, world) => {
  const warm = candidates.filter(({ node, inFlight }) => {
    return inFlight < node.profile.parallel && node.machine.runners.some((runner) => runner.model === model);
  });
  return pick(world.random, fewestCalls(warm.length > 0 ? warm : candidates));
});

function fewestCalls(candidates: readonly Candidate[]): Candidate[] {
  const fewest = Math.min(...candidates.map(({ inFlight }) => inFlight));
  return candidates.filter(({ inFlight }) => inFlight === fewest);
}

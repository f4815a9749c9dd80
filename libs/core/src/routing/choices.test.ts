import { seededRandom } from '@tutti/testing';
import { expect, it } from 'vitest';
import { plan } from './plan.ts';
import { costPolicy } from './policies/cost.ts';
import type { Policy } from './policy.ts';
import { randomWorld } from './random-world.fixture.ts';
import { planInput, plainEstimates } from './routing.fixture.ts';

it('finds what a look at all options finds, also after others of the pass', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = seededRandom(seed);
    const { nodes, queue } = randomWorld(random, { nodes: 21 + Math.floor(random() * 20), calls: 60 });
    const { pick } = costPolicy();
    const planned = (policy: Policy) => {
      const input = planInput(nodes, queue, { random: seededRandom(seed), policyFor: () => policy });
      const { starts, etas } = plan({ ...input, estimates: plainEstimates({ arrivalRate: () => 1 / 30_000 }) });
      return { starts: starts.map(({ entry, option }) => ({ entry, option })), etas: [...etas.values()] };
    };
    const all = planned({ pick });
    expect(planned({ pick, shown: 'best' }), `seed ${seed}`).toEqual(all);
    expect(planned({ pick, shown: 'cheapest' }), `seed ${seed}`).toEqual(all);
  }
});

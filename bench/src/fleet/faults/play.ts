import { fleet, workload } from '@tutti/simulation';
import type { Contender } from '../contender.ts';
import type { Setting } from '../match.ts';
import { run } from '../run.ts';
import type { Condition } from './condition.ts';
import { faultsOf, schedule, type FaultKind } from './fault.ts';
import { troubles, type Trouble } from './trouble.ts';

/** The same faults for all contenders, one after the other, once for each seed. */
export async function playFaults(
  { load, seeds, durationMs, ...setting }: Setting,
  contenders: readonly Contender[],
  kinds?: readonly FaultKind[],
): Promise<Trouble[]> {
  const found: Trouble[] = [];
  for (const seed of seeds) {
    const machines = fleet(setting.fleet, seed);
    const calls = workload(machines, { seed, load, durationMs });
    const faults = faultsOf(machines, durationMs, kinds);
    for (const contender of contenders) {
      let condition: Condition | undefined;
      const { outcomes } = await run(contender, machines, calls, durationMs, (world) => {
        schedule(world, faults);
        condition = world.nodes.find(({ name }) => name === faults[0]!.node)!.condition;
      });
      found.push(...troubles(contender.name, faults, { outcomes, condition: condition! }));
    }
  }
  return found;
}

import { fleet, workload, type NamedFleet } from '@tutti/simulation';
import type { Contender } from './contender.ts';
import { lowerBounds } from './lower-bound.ts';
import { figuresOf, mean, type Figures } from './metrics.ts';
import { run } from './run.ts';

/** What is compared: the same machines and calls for all contenders, once for each seed. */
export interface Setting {
  readonly fleet: NamedFleet | number;
  readonly load: number;
  readonly seeds: readonly number[];
  readonly durationMs: number;
}

export interface Match {
  readonly setting: Setting;
  /** By contender, one for each seed. */
  readonly figures: ReadonlyMap<string, readonly Figures[]>;
  /** Mean time of each call alone on its best node, for each seed. */
  readonly lowerBoundsMs: readonly number[];
}

export async function play(setting: Setting, contenders: readonly Contender[]): Promise<Match> {
  const { load, seeds, durationMs } = setting;
  const figures = new Map(contenders.map(({ name }): [string, Figures[]] => [name, []]));
  const lowerBoundsMs: number[] = [];
  for (const seed of seeds) {
    const machines = fleet(setting.fleet, seed);
    const calls = workload(machines, { seed, load, durationMs });
    lowerBoundsMs.push(mean(lowerBounds(machines, calls)));
    for (const contender of contenders) {
      figures.get(contender.name)!.push(figuresOf(await run(contender, machines, calls, durationMs)));
    }
  }
  return { setting, figures, lowerBoundsMs };
}

import type { Clock } from '../ports.ts';
import type { Obstacle } from '../routing/eligible.ts';
import { obstaclesFor } from '../routing/options-for.ts';
import type { Chooser, Moment } from './chooser.ts';
import type { Entry } from './entry.ts';
import type { NodeView } from './node-view.ts';
import { isCooling, mayPass, refusal } from './refusal.ts';

/** Refuses calls that nobody can serve; if a node that is away or out of favour could, it first gets time to come back. */
export interface Patience {
  review(entry: Entry, moment: Moment): void;
}

interface Options {
  readonly clock: Clock;
  readonly chooser: Pick<Chooser, 'moment'>;
  readonly nodes: () => readonly NodeView[];
  /** For nodes that do not answer. */
  readonly patienceMs: number;
  /** For nodes whose failures end by themselves. */
  readonly longestWaitMs: number;
}

export function createPatience({ clock, chooser, nodes, patienceMs, longestWaitMs }: Options): Patience {
  const obstaclesTo = ({ demand, context }: Entry, moment: Moment): Obstacle[] | undefined =>
    obstaclesFor({ ...moment, demand, excluded: context.ticket.excluded });

  return {
    review(entry, moment) {
      const obstacles = obstaclesTo(entry, moment);
      if (!obstacles) {
        entry.stopPatience?.();
        entry.stopPatience = undefined;
        return;
      }
      const giveUp = (why: readonly Obstacle[]): void =>
        entry.refuse(refusal(entry.call.model, entry.context.pin, why, nodes()));
      if (!mayPass(obstacles)) return giveUp(obstacles);
      entry.stopPatience ??= clock.after(isCooling(obstacles) ? longestWaitMs : patienceMs, () =>
        // The reason may be another by then.
        giveUp(obstaclesTo(entry, chooser.moment()) ?? obstacles),
      );
    },
  };
}

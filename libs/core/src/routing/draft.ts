import type { Ask } from './cost.ts';
import { needed } from './context.ts';
import type { Demand } from './demand.ts';
import type { Fleet } from './fleet.ts';
import type { Lowest } from './floors.ts';
import { nextVersion, seatOf, type Outlook, type Seat, type Seats } from './outlook.ts';

/** The fleet as the calls of a pass would leave it. */
export interface Draft {
  outlook(index: number): Outlook;
  change(index: number, outlook: Outlook): void;
  seats(demand: Demand): Seats;
  /** What the call costs at the very least; good until somebody else asks. */
  floors(ask: Ask, now: number): Lowest;
}

export function createDraft(fleet: Fleet): Draft {
  const changed = new Map<number, Outlook>();
  let versions: Float64Array | undefined;

  const seatsFor = (demand: Demand): Seats => {
    const seats = fleet.seats(demand);
    if (!versions) return seats;
    const at = (index: number): Seat | undefined => {
      const seat = seats.at(index);
      const outlook = seat && changed.get(index);
      return outlook ? seatOf(outlook, seat.model, seat.speeds) : seat;
    };
    return { versions, at, glance: at };
  };

  return {
    outlook: (index) => changed.get(index) ?? fleet.outlook(index),
    change(index, outlook) {
      changed.set(index, outlook);
      versions ??= new Float64Array(fleet.nodes.length);
      versions[index] = nextVersion();
    },
    seats: seatsFor,
    floors(ask, now) {
      const { demand } = ask;
      const drafted = versions && { indexes: [...changed.keys()], seats: seatsFor(demand) };
      return fleet.floors(demand).least(ask, needed(demand), now, drafted);
    },
  };
}

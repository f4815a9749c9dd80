import { ClusterError } from '../error.ts';
import type { Breakers } from '../failure/breaker.ts';
import type { Call, Context } from '../generate.ts';
import type { Clock, Random } from '../ports.ts';
import { createAdmission } from '../queue/admission.ts';
import { createFairQueue } from '../queue/fair-queue.ts';
import type { LearntEstimates } from '../routing/learnt.ts';
import { plan, type Start } from '../routing/plan.ts';
import { abortError, onAbort } from '../signal.ts';
import type { Chooser } from './chooser.ts';
import { promiseLease, type Entry, type Request, type WaitingCall } from './entry.ts';
import { createLeases, type Decision, type Placements } from './leases.ts';
import type { Member } from './member.ts';
import type { Membership } from './membership.ts';
import { createPatience } from './patience.ts';
import { createPlaces } from './places.ts';

/** The calls that wait, and when they start. */
export interface Scheduler {
  request(call: Call, context: Context): Request;
  /** Calls may be able to start: all that happens in one turn is planned for once. */
  wake(): void;
  /** Who may serve whom is another question than before. */
  changed(): void;
  pause(): void;
  resume(): void;
  readonly paused: boolean;
  cancel(requestId: string): number;
  readonly waiting: number;
  readonly waitingCalls: readonly WaitingCall[];
  readonly expectedWaitMs: number;
  readonly refused: number;
  readonly inFlight: number;
  readonly placements: Placements;
}

interface Options {
  readonly clock: Clock;
  readonly random: Random;
  readonly membership: Membership;
  readonly chooser: Chooser;
  readonly breakers: Breakers;
  readonly estimates: LearntEstimates;
  readonly concurrency: () => number;
  readonly queueSize: () => number;
  readonly patienceMs: number;
  readonly longestWaitMs: number;
  readonly onDecision: ((decision: Decision) => void) | undefined;
}

/** While calls wait, places are looked at so often even if nothing happens. */
const tickMs = 1_000;

export function createScheduler(options: Options): Scheduler {
  const { clock, random, membership, chooser, breakers, estimates } = options;
  const { concurrency, queueSize, patienceMs, longestWaitMs, onDecision } = options;
  const queue = createFairQueue<Entry>();
  const places = createPlaces(queue, clock);
  const admission = createAdmission<Entry>({ queue, queueSize, longestWaitMs: () => longestWaitMs, random });
  const leases = createLeases({ clock, estimates, breakers, onDecision, onFull, onOver: wake });
  const patience = createPatience({ clock, chooser, nodes: () => membership.members, patienceMs, longestWaitMs });
  let paused = false;
  let passDue = false;
  let stopTick: (() => void) | undefined;

  /** Starts what can start. Costs nothing while nothing waits. */
  function pass(): void {
    passDue = false;
    const room = concurrency() - leases.inFlight;
    if (queue.size === 0 || paused || room <= 0) return;
    const moment = chooser.moment();
    const { now, gate } = moment;
    const { policyFor } = chooser;
    const { starts, etas } = plan<Entry>({ ...moment, queue: queue.ordered(now), random, room, policyFor });
    for (const [entry, startsAt] of etas) entry.startsAt = startsAt;
    for (const start of starts) {
      // One trial at a time: another call of this pass may be trying the node.
      if (!gate.allows(start.option.node, start.entry.demand.model)) continue;
      begin(start, now);
      gate.started();
    }
    admission.planned(etas, now);
  }

  function begin(start: Start<Entry>, now: number): void {
    const { entry, option } = start;
    queue.started(entry);
    places.changed();
    admission.left(entry, true, now);
    entry.grant(leases.give(start, membership.member(option.node)!, now));
  }

  function wake(): void {
    if (passDue || queue.size === 0) return;
    passDue = true;
    queueMicrotask(pass);
  }

  function changed(): void {
    pass();
    if (queue.size === 0) return;
    const moment = chooser.moment();
    for (const entry of [...queue.ordered(moment.now)]) patience.review(entry, moment);
  }

  function onFull(member: Member, forMs: number): void {
    const takeBack = member.markFull();
    clock.after(forMs, () => {
      takeBack();
      wake();
    });
  }

  const keepTicking = (): void => {
    if (queue.size > 0) stopTick ??= clock.after(tickMs, tick);
  };

  const tick = (): void => {
    stopTick = undefined;
    places.changed();
    for (const entry of places.entries) entry.move();
    wake();
    keepTicking();
  };

  const enter = (entry: Entry, now: number): void => {
    queue.add(entry);
    places.changed();
    admission.joined(entry, now);
    keepTicking();
    // Whoever comes first is served at once; a crowd is planned for together.
    if (queue.size === 1) pass();
    else wake();
    if (queue.has(entry)) patience.review(entry, chooser.moment());
  };

  const request = (call: Call, context: Context): Request => {
    const now = clock.now();
    const demand = chooser.demandFor(call, context);
    const [route, work] = [chooser.routeOf(demand), chooser.workFor(demand)];
    const { place } = context.ticket;
    if (place.since === undefined) estimates.arrived(demand, now);
    let forget = (): void => {};
    const promised = promiseLease(() => {
      if (queue.remove(entry)) admission.left(entry, false, clock.now());
      places.changed();
      forget();
      entry.stopPatience?.();
    });
    const { grant, refuse, move, moved, lease } = promised;
    const entry: Entry = {
      ...{ call, context, demand, since: place.since ?? now, route, work },
      ...{ startsAt: undefined, stopPatience: undefined, grant, refuse, move },
    };
    const verdict = admission.check(entry, now);
    if (verdict.admitted) {
      verdict.shed?.entry.refuse(verdict.shed.error);
      forget = onAbort(context.signal, () => refuse(abortError(context.signal)));
      if (!context.signal.aborted) enter(entry, now);
    } else refuse(verdict.error);
    return {
      get position() {
        return places.of(entry);
      },
      get etaMs() {
        return etaOf(entry, clock.now());
      },
      ...{ lease, moved },
      release() {
        if (promised.given) promised.given.release();
        else refuse(new ClusterError('client_closed', 'request canceled'));
      },
    };
  };

  // It tells of itself in the middle of the end of a call.
  breakers.onChange(() => queueMicrotask(changed));

  return {
    request,
    wake,
    changed,
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      admission.forget(clock.now());
      pass();
    },
    get paused() {
      return paused;
    },
    cancel(requestId) {
      const found = [...queue.ordered(clock.now())].filter((entry) => entry.context.requestId === requestId);
      for (const entry of found)
        entry.refuse(new ClusterError('client_closed', 'canceled by an operator while it waited'));
      return found.length;
    },
    get waiting() {
      return queue.size;
    },
    get waitingCalls() {
      const now = clock.now();
      return Array.from(queue.ordered(now), (entry, position) => viewOf(entry, position, now));
    },
    get expectedWaitMs() {
      return admission.longestExpectedWaitMs(clock.now());
    },
    get refused() {
      return admission.refused;
    },
    get inFlight() {
      return leases.inFlight;
    },
    placements: leases.placements,
  };
}

function viewOf(entry: Entry, position: number, now: number): WaitingCall {
  const { call, context, demand, since } = entry;
  const { requestId, priority, ticket } = context;
  return {
    ...{ requestId, model: call.model, priority, key: demand.tenant, position, since, attempt: ticket.attempt },
    etaMs: etaOf(entry, now),
  };
}

function etaOf({ startsAt }: Entry, now: number): number | undefined {
  return startsAt === undefined ? undefined : Math.max(0, startsAt - now);
}

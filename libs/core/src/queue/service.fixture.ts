import { seededRandom } from '@tutti/testing';
import type { Priority } from '../generate.ts';
import { createAdmission, type Admission } from './admission.ts';
import { createFairQueue } from './fair-queue.ts';
import { waitingCall, type NamedCall } from './waiting.fixture.ts';

/** A call that came, what it was told, and what became of it. */
export interface Visit {
  readonly model: string;
  readonly priority: Priority;
  readonly cameAt: number;
  readonly expectedMs: number;
  /** Undefined: refused, or it gave way. */
  waitedMs: number | undefined;
  retryAfterMs: number | undefined;
}

interface Machine {
  readonly model: string;
  readonly slots: number;
  readonly meanMs: number;
}

interface Client {
  readonly tenant: string;
  readonly priority: Priority;
  readonly model: string;
  /** Mean time between two calls. */
  readonly everyMs: number;
  readonly fromMs?: number;
  readonly untilMs?: number;
}

interface World {
  readonly seed: number;
  readonly machines: readonly Machine[];
  readonly clients: readonly Client[];
  readonly endMs: number;
  readonly longestWaitMs: number;
  readonly queueSize?: number;
}

/** A plan looks so far ahead for a model. */
const planned = 12;

/** Clients that come at random, and machines that take random time: what an admission says beside what happens. */
export function runService({ seed, machines, clients, endMs, longestWaitMs, queueSize = Infinity }: World) {
  const random = seededRandom(seed);
  const queue = createFairQueue<NamedCall>();
  const admission: Admission<NamedCall> = createAdmission<NamedCall>({
    queue,
    queueSize: () => queueSize,
    longestWaitMs: () => longestWaitMs,
    random,
  });
  const exponential = (mean: number): number => -Math.log(1 - random()) * mean;
  const visits = new Map<NamedCall, Visit>();
  const slots = machines.flatMap(({ model, slots, meanMs }) =>
    Array.from({ length: slots }, () => ({ model, meanMs, freeAt: 0, startedAt: 0 })),
  );
  const arrivals = clients
    .flatMap(({ tenant, priority, model, everyMs, fromMs = 0, untilMs = endMs }) => {
      const times: number[] = [];
      for (let at = fromMs + exponential(everyMs); at < untilMs; at += exponential(everyMs)) times.push(at);
      return times.map((at) => waitingCall({ tenant, priority, model, since: at, work: 1 + random() }));
    })
    .toSorted((a, b) => a.since - b.since);

  const turn = (now: number): void => {
    const waiting = [...queue.ordered(now)];
    for (const call of waiting) {
      const slot = slots.find(({ model, freeAt }) => model === call.demand.model && freeAt <= now);
      if (!slot) continue;
      queue.started(call);
      admission.left(call, true, now);
      visits.get(call)!.waitedMs = now - call.since;
      slot.startedAt = now;
      slot.freeAt = now + exponential(slot.meanMs);
    }
    admission.planned(planOf([...queue.ordered(now)], now), now);
  };

  /** As a plan that knows means only. */
  const planOf = (waiting: readonly NamedCall[], now: number): Map<NamedCall, number> => {
    const startsAt = new Map<NamedCall, number>();
    for (const { model } of machines) {
      const free = slots.filter((slot) => slot.model === model).map(({ meanMs }) => now + meanMs);
      const { meanMs } = machines.find((machine) => machine.model === model)!;
      let last = now;
      waiting
        .filter(({ demand }) => demand.model === model)
        .forEach((call, i) => {
          if (i < planned) {
            free.sort((a, b) => a - b);
            last = free[0]!;
            free[0] = last + meanMs;
          }
          startsAt.set(call, last);
        });
    }
    return startsAt;
  };

  let now = 0;
  while (arrivals.length > 0 || queue.size > 0) {
    const nextFree = Math.min(...slots.filter(({ freeAt }) => freeAt > now).map(({ freeAt }) => freeAt));
    const nextArrival = arrivals[0]?.since ?? Infinity;
    now = Math.min(nextFree, nextArrival);
    if (nextArrival === now) {
      const call = arrivals.shift()!;
      const { model, priority } = call.demand;
      const expectedMs = admission.expectedWaitMs(call.demand, now);
      const visit: Visit = { model, priority, cameAt: now, expectedMs, waitedMs: undefined, retryAfterMs: undefined };
      visits.set(call, visit);
      const verdict = admission.check(call, now);
      if (!verdict.admitted) visit.retryAfterMs = verdict.error.retryAfterMs;
      else {
        if (verdict.shed) {
          queue.remove(verdict.shed.entry);
          admission.left(verdict.shed.entry, false, now);
        }
        queue.add(call);
        admission.joined(call, now);
      }
    }
    turn(now);
  }
  return { visits: [...visits.values()], refused: admission.refused };
}

import { eventsOf, type Invariant, type Violation } from './violation.ts';

/** I4: whoever waits is served or refused, once; and what was shed is what the cluster says. */
export const conserved: Invariant = (history) => {
  const rule = 'I4 conservation';
  const found: Violation[] = [];
  const ends = new Map<number, number>();
  for (const event of history.events) {
    if (event.kind !== 'granted' && event.kind !== 'refused') continue;
    ends.set(event.wait, (ends.get(event.wait) ?? 0) + 1);
  }
  for (const { wait, request, at } of eventsOf(history, 'enqueued')) {
    const count = ends.get(wait) ?? 0;
    if (count !== 1) found.push({ rule, atMs: at, what: `a wait of ${request} ended ${count} times` });
  }
  const shed = eventsOf(history, 'refused').filter(({ sheds }) => sheds).length;
  if (shed !== history.rest.refused) {
    found.push({ rule, atMs: 0, what: `${shed} calls were shed, and the cluster says ${history.rest.refused}` });
  }
  return found;
};

const longestWaitMs = 120_000;
/** What was promised when it came may be wrong by so much where nodes die afterwards. */
const slackMs = 60_000;

/** I7: nobody waits longer, pauses not counted. */
export const waitsEnd: Invariant = ({ events }) => {
  const found: Violation[] = [];
  const since = new Map<number, { readonly at: number; readonly request: string; readonly pausedMs: number }>();
  let pausedMs = 0;
  let pausedAt: number | undefined;
  for (const event of events) {
    if (event.kind === 'paused') pausedAt ??= event.at;
    else if (event.kind === 'resumed' && pausedAt !== undefined) {
      pausedMs += event.at - pausedAt;
      pausedAt = undefined;
    } else if (event.kind === 'enqueued') {
      const { at, request } = event;
      since.set(event.wait, { at, request, pausedMs: pausedMs + (pausedAt === undefined ? 0 : at - pausedAt) });
    } else if (event.kind === 'granted' || event.kind === 'refused') {
      const began = since.get(event.wait)!;
      const paused = pausedMs + (pausedAt === undefined ? 0 : event.at - pausedAt) - began.pausedMs;
      const waitedMs = event.at - began.at - paused;
      if (waitedMs <= longestWaitMs + slackMs) continue;
      const seconds = Math.round(waitedMs / 1_000);
      found.push({ rule: 'I7 wait', atMs: event.at, what: `${began.request} waited ${seconds} s` });
    }
  }
  return found;
};

const refusals: ReadonlySet<string> = new Set(['no_slot', 'overloaded']);
const retriesPerCall = 0.2;
const retriesAtFirst = 3;
/** In so long they are there again, if few calls come. */
const retriesBackMs = 10_000;

/**
 * I8: at any time, nodes have taken no more attempts than 1.2 a call, and the few that are there at first and come
 * back. An attempt that found no slot, or a model server that turned it away at once, was not taken.
 */
export const withinBudget: Invariant = ({ events }) => {
  const found: Violation[] = [];
  const tried = new Set<string>();
  const requests = new Map<number, string>();
  const accepted = new Set<number>();
  let asked = 0;
  let more = 0;
  for (const event of events) {
    if (event.kind === 'asked') asked += 1;
    else if (event.kind === 'sent') requests.set(event.send, event.request);
    else if (event.kind === 'accepted') accepted.add(event.send);
    if (event.kind !== 'returned' || !accepted.has(event.send) || refusals.has(event.reason)) continue;
    const request = requests.get(event.send)!;
    if (!tried.has(request)) tried.add(request);
    else if (++more > retriesPerCall * asked + retriesAtFirst * (1 + event.at / retriesBackMs) + 1e-6) {
      found.push({ rule: 'I8 retries', atMs: event.at, what: `${more} retries for ${asked} calls` });
    }
  }
  return found;
};

/** I9: breakers keep calls from half of a model's nodes at most; from one, if there are no two. */
export const halfStays: Invariant = (history) =>
  eventsOf(history, 'sample').flatMap(({ at, ejected }) =>
    ejected
      .filter(({ ready, out }) => out > Math.max(1, Math.floor(ready / 2)))
      .map(({ model, ready, out }) => ({ rule: 'I9 ejected', atMs: at, what: `${out} of ${ready} nodes of ${model}` })),
  );

/** I10: some time after the last fault nothing waits, nothing runs, and nothing was left behind. */
export const allQuiet: Invariant = ({ rest }) => {
  const rule = 'I10 calm';
  const { waiting, inFlight, timers, listeners, live, stuckBreakers } = rest;
  const found: Violation[] = stuckBreakers.map((what) => ({ rule, atMs: 0, what: `breaker stays ${what}` }));
  for (const [name, count] of Object.entries({ waiting, inFlight, timers, listeners, live })) {
    if (count !== 0) found.push({ rule, atMs: 0, what: `${name} is ${count}, not 0` });
  }
  return found;
};

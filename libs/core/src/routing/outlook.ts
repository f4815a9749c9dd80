import { later } from './forecast.ts';
import type { ModelFacts, NodeFacts, RunnerFacts } from './node-facts.ts';

/** What is expected of a model on a node. Speeds are tokens a millisecond. */
export interface ModelSpeeds {
  readonly prefill: number;
  readonly decode: number;
  readonly loadMs: number;
}

/** A model in memory, and when its slots become free. */
export interface RunnerOutlook {
  readonly facts: RunnerFacts;
  readonly model: string;
  readonly bytes: number;
  /** What it takes to bring it back, in milliseconds. */
  readonly loadMs: number;
  /** Whether its load is only meant for a call that waits: nobody has told the node yet. */
  readonly planned: boolean;
  /** When it is loaded. */
  readonly readyAt: number;
  /** When each slot is predicted to be free, soonest first; -Infinity: it is. */
  readonly freeAt: readonly number[];
  /** Calls that it has, running or not; joined embeddings are one. */
  readonly inFlight: number;
  readonly embeddings: number;
  /** When those embeddings will be done. */
  readonly embeddedAt: number;
}

/** What is predicted of a node. Times lie in the future, on the cluster's clock; -Infinity: now, and until then. */
export interface Outlook {
  readonly facts: NodeFacts;
  readonly runners: readonly RunnerOutlook[];
  readonly usedBytes: number;
  /** When the load that is under way will be done. */
  readonly loaderFreeAt: number;
  /** When the calls on models that are leaving will be done. */
  readonly leavingAt: readonly number[];
  /** Slots of the node that are taken, and when the next call gets one. */
  readonly running: number;
  readonly slotFreeAt: number;
  /** When a prediction will have proved wrong; the outlook must be made anew then. */
  readonly validUntil: number;
  readonly speeds: (model: ModelFacts) => ModelSpeeds;
}

/** When a slot becomes free that nobody can say anything of. */
const unknownMs = 10_000;

const never = Number.NEGATIVE_INFINITY;

/** When the node has a slot for one call more; -Infinity: now. */
export function slotFreeAt(
  { facts, runners, leavingAt, running }: Pick<Outlook, 'facts' | 'runners' | 'leavingAt' | 'running'>,
  now: number,
): number {
  const lacking = running - (facts.slots - facts.zombies);
  if (lacking < 0) return never;
  const ends = [...leavingAt, ...runners.flatMap(endsOf)].toSorted((a, b) => a - b);
  return ends[lacking] ?? later(facts.readySince, unknownMs, now);
}

/** A model on a node. */
export interface Seat {
  readonly outlook: Outlook;
  readonly model: ModelFacts;
  readonly speeds: ModelSpeeds;
  /** The model in memory; undefined: it is not. */
  readonly runner: RunnerOutlook | undefined;
}

/** Where a model is, node by node. */
export interface Seats {
  /** Undefined: the node does not have it. */
  at(index: number): Seat | undefined;
  /** The same, for one look: nothing of it is kept. */
  glance(index: number): Seat | undefined;
  /** Of each node, a number that is another one whenever its seat is. */
  readonly versions: Float64Array;
}

let version = 0;

/** For what differs from everything before it. */
export function nextVersion(): number {
  version += 1;
  return version;
}

export function seatOf(outlook: Outlook, model: ModelFacts): Seat {
  return { outlook, model, speeds: outlook.speeds(model), runner: runnerOf(outlook, model.name) };
}

function runnerOf({ runners }: Outlook, model: string): RunnerOutlook | undefined {
  for (const runner of runners) if (runner.model === model) return runner;
  return undefined;
}

/** When the last of the runner's calls will be done; -Infinity: it has none. */
export function idleAt({ freeAt }: RunnerOutlook): number {
  return freeAt[freeAt.length - 1]!;
}

/** When the calls in the runner's slots will be done: a call's end is never before its runner is loaded. */
export function endsOf({ freeAt, inFlight }: RunnerOutlook): readonly number[] {
  return freeAt.slice(Math.max(0, freeAt.length - inFlight));
}

/** How many of the runner's slots are taken at that time. */
export function busyAt({ freeAt, readyAt }: RunnerOutlook, time: number): number {
  const from = Math.max(time, readyAt);
  let free = freeAt.length;
  while (free > 0 && freeAt[free - 1]! > from) free -= 1;
  return freeAt.length - free;
}

/** How many slots of the node's other models are taken at that time; those that leave for a load count until they are idle. */
export function busyOthers(
  { runners, leavingAt }: Outlook,
  own: RunnerOutlook | undefined,
  time: number,
  leaving: readonly RunnerOutlook[] = nobody,
): number {
  let others = 0;
  for (const runner of runners) if (runner !== own && !leaving.includes(runner)) others += busyAt(runner, time);
  for (const at of leavingAt) if (at > time) others += 1;
  return others;
}

const nobody: readonly RunnerOutlook[] = [];

/** The first slot, or the one that is named, is free later; all are in order again. */
export function takeSlot(freeAt: number[], until: number, slot = 0): void {
  let place = slot;
  for (; place + 1 < freeAt.length && freeAt[place + 1]! < until; place += 1) freeAt[place] = freeAt[place + 1]!;
  freeAt[place] = until;
}

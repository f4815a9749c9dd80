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
  readonly slots: number;
  /** When those of its slots that are taken are predicted to be free, soonest first; the others are once it is loaded. */
  readonly ends: readonly number[];
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

export function seatOf(outlook: Outlook, model: ModelFacts, speeds = outlook.speeds(model)): Seat {
  return { outlook, model, speeds, runner: runnerOf(outlook, model.name) };
}

function runnerOf({ runners }: Outlook, model: string): RunnerOutlook | undefined {
  for (const runner of runners) if (runner.model === model) return runner;
  return undefined;
}

/** When the runner has a slot for one call more; -Infinity: now. */
export function freeAt({ slots, ends, readyAt }: Pick<RunnerOutlook, 'slots' | 'ends' | 'readyAt'>): number {
  return ends.length < slots ? readyAt : ends[0]!;
}

/** When the last of the runner's calls will be done; -Infinity: it has none. */
export function idleAt({ ends, readyAt }: RunnerOutlook): number {
  return ends.at(-1) ?? readyAt;
}

/** When the calls in the runner's slots will be done: a call's end is never before its runner is loaded. */
export function endsOf({ slots, ends, readyAt, inFlight }: RunnerOutlook): readonly number[] {
  const calls = Math.min(slots, inFlight);
  if (calls <= ends.length) return ends.slice(ends.length - calls);
  return [...Array.from({ length: calls - ends.length }, () => readyAt), ...ends];
}

/** How many of the runner's slots are taken at that time. */
export function busyAt({ ends, readyAt }: RunnerOutlook, time: number): number {
  const from = Math.max(time, readyAt);
  let over = ends.length;
  while (over > 0 && ends[over - 1]! > from) over -= 1;
  return ends.length - over;
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

/** Of the runner's slots the one that is free first is taken until then. */
export function takeSlot(ends: number[], slots: number, until: number): void {
  if (ends.length < slots) insert(ends, until);
  else moveEnd(ends, 0, until);
}

/** The slot that would be free as the one at `place` is free then instead; all are in order again. */
export function moveEnd(ends: number[], place: number, until: number): void {
  ends.splice(place, 1);
  insert(ends, until);
}

function insert(ends: number[], until: number): void {
  const before = ends.findLastIndex((end) => end < until);
  ends.splice(before + 1, 0, until);
}

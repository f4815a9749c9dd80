import type { Estimates } from './estimates.ts';
import type { ModelFacts, NodeFacts, RunnerFacts, RunningCall } from './node-facts.ts';
import { defaultParameters, type PlanParameters } from './parameters.ts';

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

/** A call of another orchestrator is taken to have this part of a whole output to go. */
const foreignPart = 0.5;
const foreignTokens = 150;

/** When a slot becomes free that nobody can say anything of. */
const unknownMs = 10_000;

const never = Number.NEGATIVE_INFINITY;

/** Predicts when what runs on the node will be done. The same for the same facts until `validUntil`. */
export function outlookOf(
  facts: NodeFacts,
  now: number,
  estimates: Estimates,
  parameters: PlanParameters = defaultParameters,
): Outlook {
  const speeds = speedsOf(facts, estimates);
  const forecast = createForecast(now);
  const busy = facts.runners.map((runner) => busyOn(facts, runner));
  const busyInAll = busy.reduce((sum, calls) => sum + calls, 0);
  const slowOf = (same: number): number =>
    1 + parameters.slowBySame * Math.max(0, same - 1) + parameters.slowByOthers * Math.max(0, busyInAll - same);

  const runners = facts.runners.map((runner, index) =>
    runnerOutlook(runner, facts, { forecast, estimates, speeds, slow: slowOf(busy[index]!) }),
  );
  const leavingAt = facts.calls
    .filter((call) => !facts.runners.some(({ model }) => model === nameOf(call)))
    .map((call) => endOf(call, never, modelOf(facts, nameOf(call)), { forecast, estimates, speeds, slow: slowOf(1) }));
  const running = runners.reduce((sum, { inFlight, facts: { slots } }) => sum + Math.min(inFlight, slots), 0);
  const made: Outlook = {
    facts,
    runners,
    usedBytes: runners.reduce((sum, { bytes }) => sum + bytes, 0),
    loaderFreeAt: Math.max(never, ...runners.map(({ readyAt }) => readyAt)),
    leavingAt,
    running: running + leavingAt.length,
    slotFreeAt: never,
    validUntil: Number.POSITIVE_INFINITY,
    speeds,
  };
  const outlook = withSlots(made, now);
  const soonest = outlook.slotFreeAt > now ? outlook.slotFreeAt : Number.POSITIVE_INFINITY;
  return { ...outlook, validUntil: Math.min(forecast.earliest, soonest) };
}

/** The outlook with the time when its node has a slot for one call more. */
export function withSlots(outlook: Outlook, now: number): Outlook {
  const { facts, runners, leavingAt, running } = outlook;
  const lacking = running - (facts.slots - facts.zombies);
  if (lacking < 0) return { ...outlook, slotFreeAt: never };
  const ends = [...leavingAt, ...runners.flatMap(endsOf)].sort((a, b) => a - b);
  return { ...outlook, slotFreeAt: ends[lacking] ?? later(facts.readySince, unknownMs, now) };
}

/** A model on a node. */
export interface Seat {
  readonly outlook: Outlook;
  readonly model: ModelFacts;
  readonly speeds: ModelSpeeds;
  /** The model in memory; undefined: it is not. */
  readonly runner: RunnerOutlook | undefined;
}

export function seatOf(outlook: Outlook, model: ModelFacts): Seat {
  const runner = outlook.runners.find((other) => other.model === model.name);
  return { outlook, model, speeds: outlook.speeds(model), runner };
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
  let busy = 0;
  for (const at of freeAt) if (at > time && at > readyAt) busy += 1;
  return busy;
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

interface Present {
  readonly forecast: Forecast;
  readonly estimates: Estimates;
  readonly speeds: Outlook['speeds'];
  readonly slow: number;
}

function runnerOutlook(runner: RunnerFacts, facts: NodeFacts, present: Present): RunnerOutlook {
  const { forecast, estimates, speeds, slow } = present;
  const model = modelOf(facts, runner.model);
  const readyAt = runner.loading ? readyTime(runner, speeds(model).loadMs, forecast) : never;
  const freeAt = new Array<number>(Math.max(1, runner.slots)).fill(readyAt);
  const take = (end: (start: number) => number): void => takeSlot(freeAt, end(freeAt[0]!));

  const foreignMs = ((foreignPart * foreignTokens) / speeds(model).decode) * slow;
  for (let n = 0; n < runner.foreignCalls; n += 1) {
    take((start) => Math.max(start, forecast.later(facts.readySince, 2 * foreignMs)));
  }
  let inFlight = runner.foreignCalls;
  let embeddings = 0;
  let embeddedAt = never;
  for (const call of callsOf(facts, runner.model)) {
    if (call.demand.kind === 'embed') {
      embeddings += 1;
      embeddedAt = endOf(call, Math.max(embeddedAt, readyAt), model, present);
    } else {
      inFlight += 1;
      take((start) => endOf(call, start, model, present));
    }
  }
  if (embeddings > 0) {
    inFlight += 1;
    embeddedAt = Math.max(embeddedAt, freeAt[0]!);
    take(() => embeddedAt);
  }
  const bytes = runner.bytes ?? estimates.runnerBytes(facts, model, runner.numCtx ?? 0, runner.slots);
  return {
    facts: runner,
    model: runner.model,
    bytes,
    loadMs: speeds(model).loadMs,
    planned: false,
    readyAt,
    freeAt,
    inFlight,
    embeddings,
    embeddedAt,
  };
}

/** The first slot is free later; all are in order again. */
export function takeSlot(freeAt: number[], until: number): void {
  let place = 0;
  for (; place + 1 < freeAt.length && freeAt[place + 1]! < until; place += 1) freeAt[place] = freeAt[place + 1]!;
  freeAt[place] = until;
}

/** When the call will be done. A prediction that has passed moves on by the rest that such a call has. */
function endOf(
  { demand, startedAt, firstTokenAt, outputTokens }: RunningCall,
  from: number,
  model: ModelFacts,
  present: Present,
): number {
  const { forecast, estimates, speeds, slow } = present;
  const { prefill, decode } = speeds(model);
  const restMs = (estimates.expectedRest(demand, outputTokens) / decode) * slow;
  const readMs = (demand.promptTokens / prefill) * slow;
  const end =
    firstTokenAt === undefined
      ? Math.max(startedAt, from) + readMs + restMs
      : firstTokenAt + (outputTokens / decode) * slow + restMs;
  return forecast.later(end, restMs > 0 ? restMs : readMs);
}

function readyTime({ loadingSince }: RunnerFacts, loadMs: number, { now, later }: Forecast): number {
  return later((loadingSince ?? now) + loadMs, loadMs / 4);
}

/** Predictions, and when the first of them will be over. */
interface Forecast {
  readonly now: number;
  readonly earliest: number;
  /** As `later`, from now. */
  later(at: number, stepMs: number): number;
}

function createForecast(now: number): Forecast {
  let earliest = Number.POSITIVE_INFINITY;
  return {
    now,
    get earliest() {
      return earliest;
    },
    later(at, stepMs) {
      const predicted = later(at, stepMs, now);
      earliest = Math.min(earliest, predicted);
      return predicted;
    },
  };
}

/** The first of `at`, `at + stepMs`, `at + 2 * stepMs` … that is not over. */
function later(at: number, stepMs: number, now: number): number {
  if (at > now) return at;
  const step = Math.max(stepMs, 1);
  return at + (Math.floor((now - at) / step) + 1) * step;
}

function callsOf(facts: NodeFacts, model: string): RunningCall[] {
  return facts.calls.filter((call) => nameOf(call) === model);
}

/** Calls that its slots are busy with. Embeddings are joined. */
function busyOn(facts: NodeFacts, { model, foreignCalls, slots }: RunnerFacts): number {
  const calls = callsOf(facts, model);
  const embeddings = calls.filter(({ demand }) => demand.kind === 'embed').length;
  return Math.min(slots, calls.length - Math.max(0, embeddings - 1) + foreignCalls);
}

function nameOf({ model, demand }: RunningCall): string {
  return model ?? demand.model;
}

/** The model's facts; of one that is in memory and not on disk, only the name is known. */
function modelOf(facts: NodeFacts, name: string): ModelFacts {
  return (
    facts.models.get(name) ?? { name, digest: '', sizeBytes: undefined, trainedContext: undefined, capabilities: [] }
  );
}

/** Looked up once for each outlook: a plan asks for them again and again. */
function speedsOf(facts: NodeFacts, estimates: Estimates): Outlook['speeds'] {
  const known = new Map<string, ModelSpeeds>();
  return (model) => {
    const found = known.get(model.name);
    if (found) return found;
    const speeds = {
      prefill: estimates.prefillSpeed(facts, model) / 1_000,
      decode: estimates.decodeSpeed(facts, model) / 1_000,
      loadMs: estimates.loadMs(facts, model),
    };
    known.set(model.name, speeds);
    return speeds;
  };
}

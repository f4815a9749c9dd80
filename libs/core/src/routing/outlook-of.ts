import type { Estimates } from './estimates.ts';
import { createForecast, type Forecast } from './forecast.ts';
import { nameOf, type ModelFacts, type NodeFacts, type RunnerFacts, type RunningCall } from './node-facts.ts';
import { freeAt, slotFreeAt, takeSlot, type ModelSpeeds, type Outlook, type RunnerOutlook } from './outlook.ts';
import { defaultParameters, type PlanParameters } from './parameters.ts';

/** A call of another orchestrator is taken to have this part of a whole output to go. */
const foreignPart = 0.5;
const foreignTokens = 150;

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
  const calls = facts.runners.map(({ model }) => callsOf(facts, model));
  const busy = facts.runners.map((runner, index) => busyOn(runner, calls[index]!));
  const busyInAll = busy.reduce((sum, slots) => sum + slots, 0);
  const slowOf = (same: number): number =>
    1 + parameters.slowBySame * Math.max(0, same - 1) + parameters.slowByOthers * Math.max(0, busyInAll - same);

  const runners = facts.runners.map((runner, index) =>
    runnerOutlook(runner, facts, calls[index]!, { forecast, estimates, speeds, slow: slowOf(busy[index]!) }),
  );
  const leavingAt = leaving(facts).map((call) =>
    endOf(call, never, modelOf(facts, nameOf(call)), { forecast, estimates, speeds, slow: slowOf(1) }),
  );
  let usedBytes = 0;
  let loaderFreeAt = never;
  let running = leavingAt.length;
  for (const { bytes, readyAt, inFlight, facts: runner } of runners) {
    usedBytes += bytes;
    loaderFreeAt = Math.max(loaderFreeAt, readyAt);
    running += Math.min(inFlight, runner.slots);
  }
  const nextSlotAt = slotFreeAt({ facts, runners, leavingAt, running }, now);
  return {
    ...{ facts, runners, usedBytes, loaderFreeAt, leavingAt, running, slotFreeAt: nextSlotAt },
    validUntil: Math.min(forecast.earliest, nextSlotAt > now ? nextSlotAt : Number.POSITIVE_INFINITY),
    speeds,
  };
}

interface Present {
  readonly forecast: Forecast;
  readonly estimates: Estimates;
  readonly speeds: Outlook['speeds'];
  readonly slow: number;
}

function runnerOutlook(
  runner: RunnerFacts,
  facts: NodeFacts,
  calls: readonly RunningCall[],
  present: Present,
): RunnerOutlook {
  const { forecast, estimates, speeds, slow } = present;
  const model = modelOf(facts, runner.model);
  const readyAt = runner.loading ? readyTime(runner, speeds(model).loadMs, forecast) : never;
  const slots = Math.max(1, runner.slots);
  const ends: number[] = [];
  const take = (end: (start: number) => number): void => takeSlot(ends, slots, end(freeAt({ slots, ends, readyAt })));

  const foreignMs = ((foreignPart * foreignTokens) / speeds(model).decode) * slow;
  for (let n = 0; n < runner.foreignCalls; n += 1) {
    take((start) => Math.max(start, forecast.later(facts.readySince, 2 * foreignMs)));
  }
  let inFlight = runner.foreignCalls;
  let embeddings = 0;
  let embeddedAt = never;
  for (const call of calls) {
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
    embeddedAt = Math.max(embeddedAt, freeAt({ slots, ends, readyAt }));
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
    slots,
    ends,
    inFlight,
    embeddings,
    embeddedAt,
  };
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

function callsOf({ calls }: NodeFacts, model: string): readonly RunningCall[] {
  return calls.length === 0 ? calls : calls.filter((call) => nameOf(call) === model);
}

/** Calls on models that are on their way out of memory. */
function leaving({ calls, runners }: NodeFacts): readonly RunningCall[] {
  if (calls.length === 0) return calls;
  return calls.filter((call) => !runners.some(({ model }) => model === nameOf(call)));
}

/** Calls that its slots are busy with. Embeddings are joined. */
function busyOn({ foreignCalls, slots }: RunnerFacts, calls: readonly RunningCall[]): number {
  if (calls.length === 0) return Math.min(slots, foreignCalls);
  const embeddings = calls.filter(({ demand }) => demand.kind === 'embed').length;
  return Math.min(slots, calls.length - Math.max(0, embeddings - 1) + foreignCalls);
}

/** The model's facts; of one that is in memory and not on disk, only the name is known. */
function modelOf(facts: NodeFacts, name: string): ModelFacts {
  return (
    facts.models.get(name) ?? { name, digest: '', sizeBytes: undefined, trainedContext: undefined, capabilities: [] }
  );
}

/** Only the last ones are kept: a fleet has many outlooks, and whoever asks for other models keeps what it needs. */
function speedsOf(facts: NodeFacts, estimates: Estimates): Outlook['speeds'] {
  let last: { readonly model: string; readonly speeds: ModelSpeeds } | undefined;
  return (model) => {
    if (last?.model === model.name) return last.speeds;
    const speeds = {
      prefill: estimates.prefillSpeed(facts, model) / 1_000,
      decode: estimates.decodeSpeed(facts, model) / 1_000,
      loadMs: estimates.loadMs(facts, model),
    };
    last = { model: model.name, speeds };
    return speeds;
  };
}

import { fits, loadContext, raises, required } from './context.ts';
import type { Demand } from './demand.ts';
import type { Estimates } from './estimates.ts';
import type { Option } from './option.ts';
import { busyAt, busyOthers, freeAt, idleAt, type Outlook, type RunnerOutlook, type Seat } from './outlook.ts';
import type { PlanParameters } from './parameters.ts';
import { sharedTokens } from './prefix.ts';
import { isBusy, regretMs, victimsFor, type Regrets } from './victims.ts';

/** What is the same for all calls of a pass. */
export interface Weighing extends Regrets {
  readonly now: number;
  readonly estimates: Estimates;
  readonly parameters: PlanParameters;
}

/** A call, and what is the same for it on all nodes. */
export interface Ask {
  readonly demand: Demand;
  readonly outputTokens: number;
  /** Largest context length that calls of the model needed lately. */
  readonly largestSeen: number;
}

export function askFor(demand: Demand, { now, estimates }: Weighing): Ask {
  return {
    demand,
    outputTokens: estimates.expectedOutput(demand),
    largestSeen: estimates.largestContext(demand.model, now),
  };
}

/**
 * The part of a model's load that others are expected to lose when one of its copies goes: all of it if someone waits
 * for it, else as far as someone will ask for it within the horizon; the other copies share it.
 */
export function regretPart(waiting: number, copies: number, ratePerMs: number, horizonMs: number): number {
  const wanted = waiting > 0 ? 1 : 1 - Math.exp((-ratePerMs * horizonMs) / copies);
  return wanted / copies;
}

/**
 * The way of running the call on the node, and what it costs; undefined: there is none, because the model does not fit
 * its memory or shows no sign of life.
 */
export function optionOn(seat: Seat, ask: Ask, weighing: Weighing): Option | undefined {
  const { model, runner } = seat;
  if (runner && runner.facts.problem !== '') return undefined;
  const option =
    runner && raises(runner.facts, ask.demand, required(ask.demand, model))
      ? residentOption(seat, runner, ask, weighing)
      : loadOption(seat, ask, weighing);
  return option && model.name !== ask.demand.model ? { ...option, model: model.name } : option;
}

function residentOption(
  { outlook, speeds: { prefill, decode } }: Seat,
  runner: RunnerOutlook,
  { demand, outputTokens }: Ask,
  { now, parameters }: Weighing,
): Option {
  const { facts } = outlook;
  const joins = demand.kind === 'embed' && runner.embeddings > 0;
  const startAt = Math.max(now, joins ? runner.embeddedAt : Math.max(freeAt(runner), outlook.slotFreeAt));
  const hasRoom = joins
    ? runner.embeddings < parameters.embeddings
    : hasPlace(outlook, runner, startAt - now <= parameters.aheadMs ? parameters.ahead : 0);
  const cachedTokens = cachedOn(outlook, runner, demand);
  const slow = slowAt(outlook, startAt, parameters, runner);
  const waitMs = startAt - now;
  const prefillMs = ((demand.promptTokens - cachedTokens) / prefill) * slow;
  const decodeMs = (outputTokens / decode) * slow;
  return {
    node: facts.name,
    kind: 'resident',
    startAt,
    durationMs: prefillMs + decodeMs,
    startable: hasRoom && !facts.full && !runner.planned,
    numCtx: runner.facts.numCtx ?? demand.numCtx,
    evict: noModels,
    evictsBusy: false,
    cachedTokens,
    parts: { waitMs, loadMs: 0, prefillMs, decodeMs, evictionMs: 0 },
    totalMs: waitMs + prefillMs + decodeMs,
  };
}

function loadOption({ outlook, model, speeds, runner: own }: Seat, ask: Ask, weighing: Weighing): Option | undefined {
  const { now, estimates, parameters } = weighing;
  const { facts } = outlook;
  const { demand, outputTokens, largestSeen } = ask;
  const slots = slotsFor(outlook, demand);
  const context = loadContext(demand, model, largestSeen, parameters.defaultContext);
  const estimated = estimates.runnerBytes(facts, model, context.least, slots);
  if (!fits(facts, model, { numCtx: context.least, slots, bytes: estimated }, estimates)) return undefined;

  const bytes = Math.min(estimated, facts.memoryBytes ?? estimated);
  const victims = victimsFor(outlook, own, bytes, weighing);
  const fitsWish =
    context.wish > context.least &&
    estimates.runnerBytes(facts, model, context.wish, slots) - estimated <= victims.spareBytes;
  const free = Math.max(now, outlook.loaderFreeAt, victims.idleAt, outlook.slotFreeAt, own ? idleAt(own) : now);
  const busy = victims.busy || (own !== undefined && isBusy(own));
  const charge = victims.regretMs + (own ? regretMs(own, weighing) * parameters.growthPart : 0);
  const sharers = Math.min(Math.max(weighing.waiting(demand.model), 1), parameters.mostSharers);

  const { prefill, decode, loadMs } = speeds;
  const startAt = free + loadMs;
  const slow = slowAt(outlook, startAt, parameters, own, victims.runners);
  const waitMs = free - now;
  const prefillMs = (demand.promptTokens / prefill) * slow;
  const decodeMs = (outputTokens / decode) * slow;
  const evictionMs = (parameters.evictionWeight * charge) / sharers;
  return {
    node: facts.name,
    kind: 'load',
    startAt,
    durationMs: prefillMs + decodeMs,
    startable: !busy && mayLoad(outlook),
    numCtx: fitsWish ? context.wish : context.least,
    evict: victims.runners.length === 0 ? noModels : victims.runners.map((runner) => runner.model),
    evictsBusy: busy,
    cachedTokens: 0,
    parts: { waitMs, loadMs, prefillMs, decodeMs, evictionMs },
    totalMs: waitMs + loadMs + prefillMs + decodeMs + evictionMs,
  };
}

const noModels: readonly string[] = [];

/** Whether the node can be told to load a model now: one load at a time, and the call that causes it needs a slot. */
function mayLoad({ facts, loaderFreeAt, running }: Outlook): boolean {
  return !facts.full && loaderFreeAt === Number.NEGATIVE_INFINITY && running < facts.slots - facts.zombies;
}

/**
 * Whether the node can be told so although models that must leave still run calls. Until they do, the call waits at the
 * agent: with those of its own model, if that is what is loaded anew.
 */
export function mayDrain(outlook: Outlook, model: string, { ahead }: PlanParameters): boolean {
  const own = outlook.runners.find((runner) => runner.model === model);
  return mayLoad(outlook) && (own === undefined || own.inFlight < own.slots + ahead);
}

/** Slots that the call's model gets when it is loaded; backends read embeddings one after the other. */
export function slotsFor({ facts }: Pick<Outlook, 'facts'>, { kind }: Demand): number {
  return kind === 'embed' ? 1 : Math.max(1, facts.slotsPerRunner);
}

/** A call that finds no free slot waits at the agent: there is one place for it, which needs no slot of the node. */
function hasPlace({ facts, running }: Outlook, { slots, inFlight }: RunnerOutlook, ahead: number): boolean {
  if (inFlight >= slots) return inFlight < slots + ahead;
  return running < facts.slots - facts.zombies;
}

function cachedOn({ facts }: Outlook, { model, slots, facts: { loading } }: RunnerOutlook, demand: Demand): number {
  const prompts = facts.prompts.get(model);
  if (!prompts || loading || demand.prefix.length === 0) return 0;
  let most = 0;
  for (let slot = 0; slot < prompts.length && slot < slots; slot += 1) {
    most = Math.max(most, sharedTokens(demand.prefix, prompts[slot]!));
  }
  return Math.min(most, demand.promptTokens);
}

/** How much longer a call takes than alone, with the neighbours that it will have then. */
function slowAt(
  outlook: Outlook,
  time: number,
  { slowBySame, slowByOthers }: PlanParameters,
  own: RunnerOutlook | undefined,
  leaving?: readonly RunnerOutlook[],
): number {
  return 1 + slowBySame * (own ? busyAt(own, time) : 0) + slowByOthers * busyOthers(outlook, own, time, leaving);
}

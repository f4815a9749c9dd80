import { runnerBytes, type FleetCall, type MachineModel, type Submission } from '@tutti/simulation';
import type { WorldNode } from './contender.ts';

/** A call that was sent to a node and has not ended. */
export interface Placed {
  readonly call: FleetCall;
  readonly model: MachineModel;
  readonly numCtx: number;
  submission?: Submission;
  /** When the load that it waits for began. */
  loadingSinceMs?: number;
  startedAtMs?: number;
  firstTokenAtMs?: number;
  cachedTokens: number;
}

/** What will be in a node's memory, once all that it has got to do is under way. */
export interface Forecast {
  runners: ForecastRunner[];
  /** When the next load can begin. */
  loaderFreeMs: number;
}

interface ForecastRunner {
  readonly model: MachineModel;
  readonly numCtx: number;
  readonly bytes: number;
  /** When each slot is free of all that is to run in it. */
  readonly freeAtMs: number[];
}

/** A runner that a call can have, and what has to go for it. */
interface Load {
  readonly runner: ForecastRunner;
  readonly victims: readonly ForecastRunner[];
}

/** Works out what becomes of the calls that a node has, from all that is known of them; they are in order of sending. */
export function forecast(node: WorldNode, placed: Iterable<Placed>, nowMs: number): Forecast {
  const left = new Set(placed);
  const result: Forecast = { runners: [], loaderFreeMs: nowMs };
  const busy = [...left].filter(({ startedAtMs }) => startedAtMs !== undefined).length;
  for (const { model, numCtx, bytes, slots, loading } of node.machine.runners) {
    const its = [...left].filter((one) => one.model.name === model && one.numCtx === numCtx);
    const facts = node.models.find(({ name }) => name === model)!;
    const readyMs = loading ? its[0]!.loadingSinceMs! + node.profile.loadMs(facts) : nowMs;
    if (loading) result.loaderFreeMs = readyMs;
    const runner = { model: facts, numCtx, bytes, freeAtMs: Array<number>(slots).fill(readyMs) };
    result.runners.push(runner);
    const running = its.filter(({ startedAtMs }) => startedAtMs !== undefined);
    const slow = slowness(node, Math.min(slots, its.length), busy - running.length);
    running.forEach((one, slot) => (runner.freeAtMs[slot] = nowMs + slow * restMs(node, one, nowMs, slow)));
    for (const one of its) {
      if (one.startedAtMs === undefined) takeSlot(runner, slow * aloneMs(node, one.model, one.call, 0));
      left.delete(one);
    }
  }
  for (const one of left) {
    const compatible = result.runners.find(({ model, numCtx }) => model === one.model && numCtx === one.numCtx);
    const runner = compatible ?? load(result, node, one.model, one.numCtx).runner;
    takeSlot(runner, aloneMs(node, one.model, one.call, 0));
  }
  return result;
}

/** Adds a load after all others; the victims are those that Ollama takes. */
export function load(forecasted: Forecast, node: WorldNode, model: MachineModel, numCtx: number): Load {
  const { memoryBytes, maxRunners, parallel } = node.profile;
  const bytes = runnerBytes(model, numCtx, parallel);
  const present = forecasted.runners.filter((runner) => runner.model === model);
  const victims = [...present];
  const rest = forecasted.runners
    .filter((runner) => runner.model !== model)
    .toSorted(byOrderOfGoing(forecasted.loaderFreeMs));
  const isFull = (): boolean =>
    rest.length >= maxRunners || rest.reduce((sum, runner) => sum + runner.bytes, bytes) > memoryBytes;
  while (rest.length > 0 && isFull()) victims.push(rest.shift()!);
  const startMs = Math.max(forecasted.loaderFreeMs, ...victims.flatMap(({ freeAtMs }) => freeAtMs));
  const readyMs = startMs + node.profile.loadMs(model);
  const slots = model.embedding ? 1 : parallel;
  const runner = { model, numCtx, bytes, freeAtMs: Array<number>(slots).fill(readyMs) };
  forecasted.runners = [...rest, runner];
  forecasted.loaderFreeMs = readyMs;
  return { runner, victims };
}

/** When a call that comes now would end on that runner. */
export function endsAtMs(
  forecasted: Forecast,
  node: WorldNode,
  runner: ForecastRunner,
  call: FleetCall,
  cachedTokens: number,
): number {
  const startMs = Math.min(...runner.freeAtMs);
  const busyThen = (other: ForecastRunner): number => other.freeAtMs.filter((freeMs) => freeMs > startMs).length;
  const others = forecasted.runners.reduce((sum, other) => sum + (other === runner ? 0 : busyThen(other)), 0);
  return startMs + slowness(node, busyThen(runner) + 1, others) * aloneMs(node, runner.model, call, cachedTokens);
}

function aloneMs({ profile }: WorldNode, model: MachineModel, call: FleetCall, cachedTokens: number): number {
  const prefill = (call.promptTokens - cachedTokens) / profile.prefillSpeed(model);
  return 1_000 * (prefill + call.outputTokens / profile.decodeSpeed(model));
}

/** What is left of a running call, as if it were alone. */
function restMs(
  node: WorldNode,
  { call, model, submission, startedAtMs, firstTokenAtMs, cachedTokens }: Placed,
  nowMs: number,
  slow: number,
): number {
  const soFar = submission?.outputTokens() ?? 0;
  const decodeMs = (1_000 * (call.outputTokens - soFar)) / node.profile.decodeSpeed(model);
  if (firstTokenAtMs !== undefined) return decodeMs;
  const prefillMs = (1_000 * (call.promptTokens - cachedTokens)) / node.profile.prefillSpeed(model);
  return decodeMs + Math.max(0, prefillMs - (nowMs - startedAtMs!) / slow);
}

function slowness({ profile }: WorldNode, same: number, others: number): number {
  return 1 + profile.slowBySame * Math.max(0, same - 1) + profile.slowByOthers * others;
}

function takeSlot({ freeAtMs }: ForecastRunner, durationMs: number): void {
  const slot = freeAtMs.indexOf(Math.min(...freeAtMs));
  freeAtMs[slot]! += durationMs;
}

/** Idle ones first, then by name. */
function byOrderOfGoing(atMs: number): (a: ForecastRunner, b: ForecastRunner) => number {
  const isBusy = ({ freeAtMs }: ForecastRunner): boolean => freeAtMs.some((freeMs) => freeMs > atMs);
  return (a, b) => Number(isBusy(a)) - Number(isBusy(b)) || (a.model.name < b.model.name ? -1 : 1);
}

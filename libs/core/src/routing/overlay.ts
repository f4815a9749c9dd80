import type { Demand } from './demand.ts';
import type { Estimates } from './estimates.ts';
import type { NodeFacts, RunnerFacts } from './node-facts.ts';
import type { Option } from './option.ts';

/** A load that we have caused and that the node may not show yet. */
export interface LoadAct {
  readonly requestId: string;
  readonly node: string;
  /** What no report has shown by then was not done, or was undone. */
  readonly expiresAt: number;
  readonly runner: RunnerFacts;
  /** Models that it takes out of memory; those that no report has shown gone yet. */
  readonly evict: readonly string[];
}

/** How much later than predicted a report may show what was done. */
const mostDelayMs = 60_000;

/** The same for a call that has come to its end. */
const reportDelayMs = 10_000;

/** What starting the call does to the node's memory; undefined: nothing. */
export function actOf(
  option: Option,
  demand: Demand,
  facts: NodeFacts,
  requestId: string,
  now: number,
  estimates: Estimates,
): LoadAct | undefined {
  if (option.kind === 'resident') return undefined;
  const { waitMs, loadMs } = option.parts;
  const name = option.model ?? demand.model;
  const model = facts.models.get(name);
  const slots = demand.kind === 'embed' ? 1 : Math.max(1, facts.slotsPerRunner);
  const runner: RunnerFacts = {
    model: name,
    numCtx: option.numCtx,
    bytes: model && estimates.runnerBytes(facts, model, option.numCtx ?? 0, slots),
    slots,
    runnerOptions: demand.runnerOptions,
    foreignCalls: 0,
    loading: true,
    loadingSince: now + waitMs,
    fresh: true,
    problem: '',
  };
  const expiresAt = now + waitMs + loadMs + mostDelayMs;
  return { requestId, node: facts.name, expiresAt, runner, evict: option.evict };
}

/** The act once its call has got its first output: the model is there. */
export function served(act: LoadAct): LoadAct {
  return { ...act, runner: { ...act.runner, loading: false, loadingSince: undefined, fresh: false } };
}

/** The act once its call is over: reports soon show what it did. One that failed is better forgotten at once. */
export function ended(act: LoadAct, now: number): LoadAct {
  return { ...act, expiresAt: Math.min(act.expiresAt, now + reportDelayMs) };
}

/** The acts of which something is still to be seen after this report of their node; in the order in which they were done. */
export function settle(acts: readonly LoadAct[], report: NodeFacts, now: number): readonly LoadAct[] {
  if (acts.length === 0) return acts;
  const left: LoadAct[] = [];
  for (const act of acts) {
    // While the report does not show what an earlier act did to the same model, what it shows of that is older still.
    const isOld = left.some(({ runner, evict }) => [runner.model, ...evict].includes(act.runner.model));
    if (now >= act.expiresAt || (!isOld && shows(report, act))) continue;
    left.push({ ...act, evict: act.evict.filter((model) => holds(report, model)) });
  }
  return left;
}

/** The report with the acts laid over it, in the order in which they were done; itself if there are none. */
export function overlay(report: NodeFacts, acts: readonly LoadAct[], now: number): NodeFacts {
  const open = acts.filter(({ expiresAt }) => now < expiresAt);
  if (open.length === 0) return report;
  return { ...report, runners: open.reduce(runnersAfter, report.runners) };
}

function runnersAfter(runners: readonly RunnerFacts[], { runner, evict }: LoadAct): readonly RunnerFacts[] {
  return [...runners.filter(({ model }) => model !== runner.model && !evict.includes(model)), runner];
}

/** Whether all that the act does has come about: the model is loaded as it was to be, and what had to leave is gone. */
function shows(report: NodeFacts, { runner, evict }: LoadAct): boolean {
  const found = report.runners.find(({ model }) => model === runner.model);
  if (!found || found.loading || evict.some((model) => holds(report, model))) return false;
  const { numCtx = Number.POSITIVE_INFINITY, runnerOptions = runner.runnerOptions } = found;
  return runnerOptions === runner.runnerOptions && numCtx >= (runner.numCtx ?? 0);
}

function holds({ runners }: NodeFacts, name: string): boolean {
  return runners.some(({ model }) => model === name);
}

import type { Context } from '../generate.ts';
import type { Random } from '../ports.ts';
import type { Demand } from './demand.ts';
import type { Obstacle } from './eligible.ts';
import type { Option } from './option.ts';
import { createPass, type Pass, type Scene } from './pass.ts';
import type { Policy, PolicyView } from './policy.ts';

/** A call that waits for a node. */
export interface Waiting {
  readonly context: Pick<Context, 'ticket'>;
  readonly demand: Demand;
  /** When it first came into the queue, on the cluster's clock. */
  readonly since: number;
}

export interface PlanInput<T extends Waiting> extends Scene {
  /** In the order in which they are served. */
  readonly queue: Iterable<T>;
  readonly random: Random;
  /** Calls that may still start, over all nodes. */
  readonly room: number;
  policyFor(demand: Demand): Policy;
}

/** A call that starts now. */
export interface Start<T> {
  readonly entry: T;
  readonly option: Option;
  /** What it was chosen from, cheapest first; the first twenty, or eight on a large fleet. */
  readonly options: readonly Option[];
  readonly exclusions: readonly Obstacle[];
}

export interface Plan<T> {
  readonly starts: readonly Start<T>[];
  /** When calls are predicted to start, on the cluster's clock. A call that no node can run now has none. */
  readonly etas: ReadonlyMap<T, number>;
}

/** What became of the calls of one kind so far. */
interface Line {
  /** Calls that could not start. */
  stuck: number;
  /** When the last of them is predicted to start. */
  eta: number | undefined;
}

/**
 * Chooses who starts where, in the order given. A call whose best place is taken waits for it, and keeps it from those
 * behind; it never takes a worse place only because that is free. A call that has waited for long makes a busy node drain.
 */
export function plan<T extends Waiting>(input: PlanInput<T>): Plan<T> {
  const { now, queue, parameters, policyFor, random } = input;
  const entries = [...queue];
  const pass = createPass(input, countByModel(entries));
  const oldest = oldestByModel(entries);
  const view: PolicyView = { now, random, facts: pass.facts };
  const starts: Start<T>[] = [];
  const etas = new Map<T, number>();
  const lines = new Map<string, Line>();

  for (const entry of entries) {
    const line = lineOf(lines, entry);
    if (line.stuck >= parameters.perModel) {
      if (line.eta !== undefined) etas.set(entry, line.eta);
      continue;
    }
    const { demand, context, since } = entry;
    const { excluded } = context.ticket;
    const policy = policyFor(demand);
    const choices = pass.choices(demand, excluded, policy.shown);
    const { options } = choices;
    if (options.length === 0) {
      line.stuck += 1;
      continue;
    }
    const option = policy.pick(demand, options, view);
    const isOld = now - since > parameters.drainAfterMs;
    const mayClear = isOld && option.evict.every((model) => since <= (oldest.get(model) ?? since));
    if (starts.length < input.room && canStart(demand, option, mayClear, pass)) {
      const cheapest = choices.cheapest();
      starts.push({ entry, option, options: cheapest, exclusions: pass.exclusions(demand, excluded, cheapest) });
      policy.started?.(demand, option);
      pass.take(demand, option, true);
    } else {
      line.stuck += 1;
      // A young call does not keep others from the models that would have to leave for it, nor older ones any call.
      if (!option.evictsBusy || mayClear) pass.take(demand, option, false);
    }
    etas.set(entry, option.startAt);
    line.eta = option.startAt;
  }
  return { starts, etas };
}

function canStart(demand: Demand, option: Option, mayClear: boolean, pass: Pass): boolean {
  return option.startable || (mayClear && option.evictsBusy && pass.mayDrain(demand, option));
}

/** When the oldest of those who wait for a model came; but for those who have failed somewhere, and may need another node. */
function oldestByModel(entries: readonly Waiting[]): Map<string, number> {
  const oldest = new Map<string, number>();
  for (const { demand, context, since } of entries) {
    if (context.ticket.excluded.size > 0) continue;
    const known = oldest.get(demand.model);
    if (known === undefined || since < known) oldest.set(demand.model, since);
  }
  return oldest;
}

function countByModel(entries: readonly Waiting[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { demand } of entries) counts.set(demand.model, (counts.get(demand.model) ?? 0) + 1);
  return counts;
}

/** Calls of one kind can go to the same places: if some cannot start, those behind them cannot either. */
function lineOf(lines: Map<string, Line>, { demand, context }: Waiting): Line {
  const { excluded } = context.ticket;
  const key = excluded.size === 0 ? kindOf(demand) : `${kindOf(demand)} ${[...excluded].join(' ')}`;
  const known = lines.get(key);
  if (known) return known;
  const line: Line = { stuck: 0, eta: undefined };
  lines.set(key, line);
  return line;
}

/** A long queue is looked through again and again. */
const kinds = new WeakMap<Demand, string>();

function kindOf(demand: Demand): string {
  const known = kinds.get(demand);
  if (known !== undefined) return known;
  const { model, kind, digest = '', node = '', tier = '', privacy, numCtx = 0, promptTokens, runnerOptions } = demand;
  const size = Math.ceil(Math.log2(Math.max(numCtx, promptTokens, 1_024)));
  const made = `${model} ${kind} ${size} ${privacy} ${node} ${tier} ${digest} ${runnerOptions}`;
  kinds.set(demand, made);
  return made;
}

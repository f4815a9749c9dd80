import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { ClusterError } from '../error.ts';
import type { Breakers } from '../failure/breaker.ts';
import type { Call } from '../generate.ts';
import type { Clock } from '../ports.ts';
import { required } from '../routing/context.ts';
import { slotsFor } from '../routing/cost.ts';
import type { Demand } from '../routing/demand.ts';
import { reasonFor } from '../routing/explain.ts';
import type { LearntEstimates } from '../routing/learnt.ts';
import { nameOf, type NodeFacts, type RunningCall } from '../routing/node-facts.ts';
import type { Exclusion, Option } from '../routing/option.ts';
import { actOf } from '../routing/overlay.ts';
import { defaultParameters } from '../routing/parameters.ts';
import type { Start } from '../routing/plan.ts';
import type { PolicyName } from '../routing/policy.ts';
import type { Entry } from './entry.ts';
import type { Lease } from './lease.ts';
import { isOutOfMemory } from './out-of-memory.ts';
import type { Member } from './member.ts';

/** A choice that was made, for whoever wants to know why. */
export interface Decision {
  readonly requestId: string;
  readonly attempt: number;
  /** When the call first came, on the cluster's clock. */
  readonly arrivedAt: number;
  readonly decidedAt: number;
  readonly demand: Demand;
  readonly policy: PolicyName;
  /** In a few words. */
  readonly reason: string;
  readonly option: Option;
  /** All that were weighed, the chosen one among them. */
  readonly options: readonly Option[];
  readonly exclusions: readonly Exclusion[];
}

/** What was placed since the start. */
export interface Placements {
  readonly calls: number;
  readonly loads: number;
  /** Calls that asked for a smaller context than that of the runner that served them: no reload was needed. */
  readonly reloadsAvoided: number;
}

/** Who runs what where: every count of it is kept here. */
export interface Leases {
  /** Takes a slot on the node for a call. */
  give(start: Start<Entry>, member: Member, now: number): Lease;
  readonly inFlight: number;
  readonly placements: Placements;
}

interface Options {
  readonly clock: Clock;
  readonly estimates: LearntEstimates;
  readonly breakers: Breakers;
  readonly onDecision: ((decision: Decision) => void) | undefined;
  /** The node takes no calls for so long. */
  readonly onFull: (member: Member, forMs: number) => void;
  /** A slot is free again. */
  readonly onOver: () => void;
}

/** After `no_slot`, how long a node counts as full if it does not report. */
const fullForMs = 250;

/** After its backend has said that too many wait for it. */
const busyForMs = 2_000;

/** Whatever a backend says, it is tried again then. */
const longestBusyMs = 60_000;

interface Running extends RunningCall {
  firstTokenAt: number | undefined;
  outputTokens: number;
  loads: boolean;
  /** Context length that the agent asked its backend for; undefined: it has not said. */
  numCtx: number | undefined;
}

export function createLeases(options: Options): Leases {
  const { clock, estimates, breakers, onDecision, onFull, onOver } = options;
  const placements = { calls: 0, loads: 0, reloadsAvoided: 0 };
  let inFlight = 0;

  return {
    give({ entry, option, options: weighed, exclusions }, member, now) {
      const { call, context, demand, route } = entry;
      const { requestId, ticket } = context;
      const before = member.facts(now);
      const reason = reasonFor(option, weighed);
      const running: Running = {
        ...{ demand, startedAt: now, firstTokenAt: undefined, outputTokens: 0, loads: option.kind === 'load' },
        numCtx: option.numCtx,
        ...(option.model !== undefined && { model: option.model }),
      };
      const act = actOf(option, demand, before, requestId, now, estimates);
      const over = breakers.started(member.name, demand.model);
      member.add(running, act);
      inFlight += 1;
      count(placements, demand, option);
      onDecision?.({
        ...{ requestId, attempt: ticket.attempt, arrivedAt: entry.since, decidedAt: now },
        ...{ demand, policy: route.policy, reason, option, options: weighed, exclusions },
      });
      let isOver = false;
      let released = false;

      let isLoaded = false;

      const loaded = (): void => {
        if (isLoaded) return;
        isLoaded = true;
        running.loads = false;
        member.loaded(nameOf(running));
      };

      const firstOutput = (): void => {
        running.firstTokenAt = clock.now();
        breakers.answered(member.name, demand.model);
        loaded();
      };

      const finish = (error: ClusterError | undefined): void => {
        if (isOver) return;
        isOver = true;
        over(error);
        if (error?.reason === 'overloaded') onFull(member, busyMs(error));
      };

      const learn = ({ usage, timings }: Done): void => {
        estimates.observe({
          node: before,
          demand,
          loads: option.kind === 'load',
          expectedCached: option.cachedTokens,
          complete: true,
          ...(option.model !== undefined && { model: option.model }),
          ...(usage && { usage }),
          ...(timings && { timings }),
          neighbours: neighboursOf(before, nameOf(running)),
        });
      };

      return {
        node: member.name,
        reason,
        call: settledCall(call, demand, option, before),
        evict: option.evict,
        generate: member.generate,
        firstOutputMs: option.parts.waitMs + option.parts.loadMs + readMs(option, demand, before, estimates),
        observe(chunk) {
          if (chunk.kind.case === 'delta') {
            if (running.firstTokenAt === undefined) firstOutput();
            running.outputTokens += 1;
          } else if (chunk.kind.case === 'done') {
            // Without a word as well: a call may do no more than load, or ask for an unloading that is refused.
            if (chunk.kind.value.reason !== 'unload') loaded();
            learn(chunk.kind.value);
          } else if (chunk.kind.value?.kind.case === 'started')
            running.numCtx = chunk.kind.value.kind.value.numCtx ?? running.numCtx;
        },
        tooLarge(error) {
          const model = before.models.get(nameOf(running));
          const { firstTokenAt, numCtx = 0 } = running;
          if (!model || firstTokenAt !== undefined || !isOutOfMemory(error)) return false;
          member.notLoaded(model.name);
          const slots = slotsFor({ facts: before }, demand);
          if (!estimates.refused(before, model, numCtx, slots, clock.now())) return false;
          // It says nothing of how well the node is.
          finish(new ClusterError('no_slot', 'The model was too large for the node.'));
          return true;
        },
        refused() {
          finish(new ClusterError('no_slot', 'The agent had no slot.'));
          onFull(member, fullForMs);
        },
        ended: finish,
        release() {
          if (released) return;
          released = true;
          // Most calls are over by now, and an error costs a stack trace.
          if (!isOver) finish(new ClusterError('client_closed', 'request canceled'));
          member.remove(running, isLoaded);
          inFlight -= 1;
          onOver();
        },
      };
    },
    get inFlight() {
      return inFlight;
    },
    placements,
  };
}

function count(placements: { -readonly [K in keyof Placements]: number }, demand: Demand, option: Option): void {
  placements.calls += 1;
  if (option.kind === 'load') placements.loads += 1;
  else if (demand.numCtx !== undefined && demand.numCtx !== option.numCtx) placements.reloadsAvoided += 1;
}

/** The context length as the plan wants it: what is needed, and what to load with. The agent settles the rest. */
function settledCall(call: Call, demand: Demand, option: Option, node: NodeFacts): Call {
  const { model: name = demand.model, numCtx } = option;
  const model = node.models.get(name);
  const min = model ? required(demand, model) : 0;
  // Where nobody asked for more than is usual, the server's own default is better than ours.
  const isUsual =
    demand.numCtx === undefined && option.kind === 'load' && (numCtx ?? 0) <= defaultParameters.defaultContext;
  return {
    ...call,
    model: name,
    numCtx: { $typeName: 'tutti.agent.v1.ContextWindow', min, preferred: isUsual ? 0 : (numCtx ?? 0) },
  };
}

/** What is expected in the cache may be gone: then all of the prompt is read. */
function readMs(
  { parts, model, cachedTokens }: Option,
  demand: Demand,
  node: NodeFacts,
  estimates: LearntEstimates,
): number {
  const facts = cachedTokens > 0 ? node.models.get(model ?? demand.model) : undefined;
  if (!facts) return parts.prefillMs;
  return Math.max(parts.prefillMs, (demand.promptTokens / estimates.prefillSpeed(node, facts)) * 1_000);
}

/** How long a node that is busy is left alone: as long as its backend says. */
function busyMs({ retryAfterMs = busyForMs }: ClusterError): number {
  return Math.min(Math.max(retryAfterMs, busyForMs), longestBusyMs);
}

/** Calls that run beside one that starts. */
function neighboursOf({ calls }: NodeFacts, model: string): { same: number; other: number } {
  const same = calls.filter((call) => nameOf(call) === model).length;
  return { same, other: calls.length - same };
}

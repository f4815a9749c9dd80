import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { createBreakers, type Breakers } from '../failure/breaker.ts';
import type { Call, Context, Generate } from '../generate.ts';
import type { Clock, Random } from '../ports.ts';
import { createEstimates, type LearntEstimates } from '../routing/learnt.ts';
import type { NodeFacts } from '../routing/node-facts.ts';
import type { Option } from '../routing/option.ts';
import { actOf } from '../routing/overlay.ts';
import { defaultParameters, type PlanParameters } from '../routing/parameters.ts';
import type { Route } from '../routing/policy.ts';
import { createChooser, type Preview } from './chooser.ts';
import type { Request, WaitingCall } from './entry.ts';
import type { Decision, Placements } from './leases.ts';
import type { NodeDescription } from './member.ts';
import { createMembership } from './membership.ts';
import type { NodeView } from './node-view.ts';
import { createScheduler } from './scheduler.ts';

export type { Preview } from './chooser.ts';
export type { Lease } from './lease.ts';
export type { Request, WaitingCall } from './entry.ts';
export type { Decision, Placements } from './leases.ts';
export type { NodeDescription } from './member.ts';

/** All nodes, all waiting calls, and the only counts of who runs what. */
export interface Cluster {
  /** Choosing a node and taking its slot are one step, so two calls cannot take one slot. */
  request(call: Call, context: Context): Request;
  /** What could be chosen for a call now; nothing is taken. */
  options(call: Call, context: Context): Preview;
  /** A model is brought into a node's memory for no call; the returned function tells that this is over. */
  prepare(call: Call, context: Context, option: Option): (loaded: boolean) => void;
  /** A node answers, or has changed: it may get calls from now on. */
  report(name: string, generate: Generate, state: NodeState): void;
  /** What is said of the node of that name; whether it is there or still to come. */
  describe(name: string, description: NodeDescription): void;
  /** A node gets no new calls until it reports again. What runs on it goes on. */
  suspend(name: string): void;
  /** A node is gone. */
  remove(name: string): void;
  /** Gives the node of that name no new calls, or gives it calls again; whether it is there or still to come. */
  cordon(name: string, on: boolean): void;
  /** Starts no call until `resume`: those that come wait, those that run go on. */
  pause(): void;
  resume(): void;
  readonly paused: boolean;
  /** Ends the calls that wait under that id; returns how many there were. */
  cancel(requestId: string): number;
  readonly nodes: readonly NodeView[];
  /** What is known of each node, for those who reckon with it. */
  readonly facts: readonly NodeFacts[];
  /** Calls that wait for a node. */
  readonly waiting: number;
  /** Those calls, in the order in which they are served. */
  readonly waitingCalls: readonly WaitingCall[];
  /** Milliseconds that a call of class default is expected to wait if it comes now. */
  readonly expectedWaitMs: number;
  /** Calls refused at the door because they would have waited too long. */
  readonly refused: number;
  /** Calls that run, those on nodes that have gone meanwhile included. */
  readonly inFlight: number;
  readonly placements: Placements;
  readonly breakers: Breakers;
  readonly estimates: LearntEstimates;
}

interface Options {
  readonly clock: Clock;
  readonly random: Random;
  /** Most calls in flight over all nodes; asked anew each time, so it may change. */
  readonly concurrency?: () => number;
  /** Most calls that wait; asked anew each time. */
  readonly queueSize?: () => number;
  /** Which calls go by which policy; asked anew each time. */
  readonly routes?: () => readonly Route[];
  readonly parameters?: Partial<PlanParameters>;
  /** How long a call waits when the only nodes that could serve it do not answer now. */
  readonly patienceMs?: number;
  /** A call that would wait longer is refused when it comes. */
  readonly longestWaitMs?: number;
  readonly estimates?: LearntEstimates;
  readonly breakers?: Breakers;
  /** Told of each choice, before the call starts. */
  readonly onDecision?: (decision: Decision) => void;
}

export function createCluster(options: Options): Cluster {
  const { clock, random, concurrency = () => Infinity, queueSize = () => Infinity, routes = () => [] } = options;
  const { patienceMs = 5_000, longestWaitMs = 90_000, estimates = createEstimates(), onDecision } = options;
  const { breakers = createBreakers({ clock, random }) } = options;
  const parameters = { ...defaultParameters, ...options.parameters };
  const membership = createMembership(clock);
  const chooser = createChooser({ clock, membership, breakers, estimates, routes, parameters });
  const scheduler = createScheduler({
    ...{ clock, random, membership, chooser, breakers, estimates, onDecision },
    ...{ concurrency, queueSize, patienceMs, longestWaitMs },
  });
  const { wake, changed } = scheduler;

  return {
    request: scheduler.request,
    options: chooser.preview,
    prepare(call, context, option) {
      const member = membership.member(option.node);
      if (!member) return () => {};
      const now = clock.now();
      const demand = chooser.demandFor(call, context);
      const act = actOf(option, demand, member.facts(now), context.requestId, now, estimates);
      if (!act) return () => {};
      const over = member.prepare(act);
      return (loaded) => {
        over(loaded);
        wake();
      };
    },
    report(name, generate, state) {
      const mayServeOthers = membership.report(name, generate, state);
      estimates.reported(membership.member(name)!.facts(clock.now()));
      if (mayServeOthers) changed();
      else wake();
    },
    describe(name, description) {
      membership.describe(name, description);
      changed();
    },
    suspend(name) {
      membership.suspend(name);
      changed();
    },
    remove(name) {
      membership.remove(name);
      breakers.forget(name);
      changed();
    },
    cordon(name, on) {
      membership.cordon(name, on);
      changed();
    },
    pause: scheduler.pause,
    resume: scheduler.resume,
    get paused() {
      return scheduler.paused;
    },
    cancel: scheduler.cancel,
    get nodes() {
      return membership.members;
    },
    get facts() {
      return membership.facts(clock.now());
    },
    get waiting() {
      return scheduler.waiting;
    },
    get waitingCalls() {
      return scheduler.waitingCalls;
    },
    get expectedWaitMs() {
      return scheduler.expectedWaitMs;
    },
    get refused() {
      return scheduler.refused;
    },
    get inFlight() {
      return scheduler.inFlight;
    },
    placements: scheduler.placements,
    breakers,
    estimates,
  };
}

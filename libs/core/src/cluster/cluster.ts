import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { createBreakers, type Breakers } from '../failure/breaker.ts';
import { ClusterError } from '../error.ts';
import type { Call, Context, Generate } from '../generate.ts';
import type { Clock, Random } from '../ports.ts';
import { createAdmission } from '../queue/admission.ts';
import { createFairQueue } from '../queue/fair-queue.ts';
import { workOf } from '../queue/work.ts';
import { abortError, onAbort } from '../signal.ts';
import type { Demand } from '../routing/demand.ts';
import { demandOf } from '../routing/demand-of.ts';
import type { Obstacle } from '../routing/eligible.ts';
import { createEstimates, type LearntEstimates } from '../routing/learnt.ts';
import type { NodeFacts } from '../routing/node-facts.ts';
import type { Exclusion, Option } from '../routing/option.ts';
import { obstaclesFor, optionsFor } from '../routing/options-for.ts';
import { actOf } from '../routing/overlay.ts';
import { defaultParameters, type PlanParameters } from '../routing/parameters.ts';
import type { Scene } from '../routing/pass.ts';
import { plan, type Start } from '../routing/plan.ts';
import type { Route } from '../routing/policy.ts';
import { barredBy, createPolicies, routeFor } from '../routing/routes.ts';
import { promiseLease, type Entry, type Request, type WaitingCall } from './entry.ts';
import { createLeases, type Decision, type Placements } from './leases.ts';
import { createMember, type Member, type NodeDescription } from './member.ts';
import type { NodeView } from './node-view.ts';
import { isCooling, mayPass, refusal } from './refusal.ts';

export type { Lease } from './lease.ts';
export type { Request, WaitingCall } from './entry.ts';
export type { Decision, Placements } from './leases.ts';
export type { NodeDescription } from './member.ts';

/** A choice that could be made for a call now. */
export interface Preview {
  readonly demand: Demand;
  /** The cheapest first. */
  readonly options: readonly Option[];
  readonly exclusions: readonly Exclusion[];
}

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

/** While calls wait, places are looked at so often even if nothing happens. */
const tickMs = 1_000;

export function createCluster(options: Options): Cluster {
  const { clock, random, concurrency = () => Infinity, queueSize = () => Infinity, routes = () => [] } = options;
  const { patienceMs = 5_000, longestWaitMs = 90_000, estimates = createEstimates(), onDecision } = options;
  const { breakers = createBreakers({ clock, random }) } = options;
  const parameters = { ...defaultParameters, ...options.parameters };
  const members = new Map<string, Member>();
  const descriptions = new Map<string, NodeDescription>();
  const cordoned = new Set<string>();
  const queue = createFairQueue<Entry>();
  const admission = createAdmission<Entry>({ queue, queueSize, longestWaitMs: () => longestWaitMs, random });
  const policyOf = createPolicies();
  const routeOf = new WeakMap<Demand, Route>();
  const leases = createLeases({ clock, estimates, breakers, onDecision, onFull, onOver: wake });
  let paused = false;
  let passDue = false;
  let stopTick: (() => void) | undefined;
  let ranking: Map<Entry, number> | undefined;

  const factsOf = (now: number): NodeFacts[] => [...members.values()].map((member) => member.facts(now));

  const requires = (demand: Demand): readonly string[] => routeOf.get(demand)?.requires ?? [];
  const bars = (demand: Demand, node: string): string | undefined => barredBy(routeOf.get(demand)!, node);

  /** Whether the breakers let a call through; never do they keep calls from more than half of those that have the model. */
  const gate = (facts: readonly NodeFacts[]) => {
    const ejected = new Map<string, ReadonlySet<string>>();
    return (node: string, model: string): boolean => {
      let out = ejected.get(model);
      if (!out) {
        const ready = facts.filter((other) => other.ready && other.models.has(model)).map(({ name }) => name);
        ejected.set(model, (out = breakers.ejected(model, ready)));
      }
      return !out.has(node);
    };
  };

  const scene = (now: number): Scene => {
    const nodes = factsOf(now);
    return { now, nodes, estimates, parameters, requires, bars, allows: gate(nodes) };
  };

  const demandFor = (call: Call, context: Context): Demand => {
    const demand = demandOf(call, context, estimates);
    routeOf.set(demand, routeFor(routes(), demand, call));
    return demand;
  };

  /** Starts what can start. Costs nothing while nothing waits. */
  function pass(): void {
    passDue = false;
    const room = concurrency() - leases.inFlight;
    if (queue.size === 0 || paused || room <= 0) return;
    const now = clock.now();
    const { starts, etas } = plan<Entry>({
      ...{ ...scene(now), queue: queue.ordered(now), random, room },
      policyFor: (demand) => policyOf(routeOf.get(demand)!),
    });
    for (const [entry, startsAt] of etas) entry.startsAt = startsAt;
    for (const start of starts) begin(start, now);
    admission.planned(etas, now);
  }

  function begin(start: Start<Entry>, now: number): void {
    const { entry } = start;
    const member = members.get(start.option.node)!;
    // One trial at a time: another call of this pass may be trying the node.
    if (!gate(factsOf(now))(member.name, entry.demand.model)) return;
    queue.started(entry);
    ranking = undefined;
    admission.left(entry, true, now);
    entry.grant(leases.give(start, member, now));
  }

  /** All that happens in one turn is planned for once. */
  function wake(): void {
    if (passDue || queue.size === 0) return;
    passDue = true;
    queueMicrotask(pass);
  }

  function onFull(member: Member, forMs: number): void {
    const takeBack = member.markFull();
    clock.after(forMs, () => {
      takeBack();
      wake();
    });
  }

  const tick = (): void => {
    stopTick = undefined;
    ranking = undefined;
    for (const entry of ranks().keys()) entry.move();
    wake();
    keepTicking();
  };

  /** Places of all that wait; worked out once as long as nobody comes or goes. */
  const ranks = (): ReadonlyMap<Entry, number> => {
    ranking ??= new Map([...queue.ordered(clock.now())].map((entry, rank) => [entry, rank]));
    return ranking;
  };

  const keepTicking = (): void => {
    if (queue.size > 0) stopTick ??= clock.after(tickMs, tick);
  };

  const obstaclesTo = ({ demand, context }: Entry): Obstacle[] | undefined =>
    obstaclesFor({ ...scene(clock.now()), demand, excluded: context.ticket.excluded });

  /** Refuses a call that nobody can serve; if a node that is away or out of favour could, it first gets time to come back. */
  const review = (entry: Entry): void => {
    const obstacles = obstaclesTo(entry);
    if (!obstacles) {
      entry.stopPatience?.();
      entry.stopPatience = undefined;
      return;
    }
    const giveUp = (why: readonly Obstacle[]): void =>
      entry.refuse(refusal(entry.call.model, entry.context.pin, why, [...members.values()]));
    if (!mayPass(obstacles)) giveUp(obstacles);
    // The reason may be another by then.
    else
      entry.stopPatience ??= clock.after(isCooling(obstacles) ? longestWaitMs : patienceMs, () =>
        giveUp(obstaclesTo(entry) ?? obstacles),
      );
  };

  /** Who may serve whom is another question than before. */
  const changed = (): void => {
    pass();
    for (const entry of [...queue.ordered(clock.now())]) review(entry);
  };

  const enter = (entry: Entry, now: number): void => {
    queue.add(entry);
    ranking = undefined;
    admission.joined(entry, now);
    keepTicking();
    // Whoever comes first is served at once; a crowd is planned for together.
    if (queue.size === 1) pass();
    else wake();
    if (queue.has(entry)) review(entry);
  };

  const request = (call: Call, context: Context): Request => {
    const now = clock.now();
    const demand = demandFor(call, context);
    const { place } = context.ticket;
    if (place.since === undefined) estimates.arrived(demand, now);
    let forget = (): void => {};
    const promised = promiseLease(() => {
      if (queue.remove(entry)) admission.left(entry, false, clock.now());
      ranking = undefined;
      forget();
      entry.stopPatience?.();
    });
    const { grant, refuse, move, moved, lease } = promised;
    const entry: Entry = {
      ...{ call, context, demand, since: place.since ?? now, route: routeOf.get(demand)!, work: workFor(demand) },
      ...{ startsAt: undefined, stopPatience: undefined, grant, refuse, move },
    };
    const verdict = admission.check(entry, now);
    if (verdict.admitted) {
      verdict.shed?.entry.refuse(verdict.shed.error);
      forget = onAbort(context.signal, () => refuse(abortError(context.signal)));
      if (!context.signal.aborted) enter(entry, now);
    } else refuse(verdict.error);
    return {
      get position() {
        return ranks().get(entry);
      },
      get etaMs() {
        return etaOf(entry, clock.now());
      },
      ...{ lease, moved },
      release() {
        if (promised.given) promised.given.release();
        else refuse(new ClusterError('client_closed', 'request canceled'));
      },
    };
  };

  const workFor = (demand: Demand): number => {
    const now = clock.now();
    const holder = members.values().find((member) => member.facts(now).models.has(demand.model));
    const sizeBytes = holder?.facts(now).models.get(demand.model)?.sizeBytes;
    const { promptTokens } = demand;
    return workOf({ sizeBytes, outputTokens: estimates.expectedOutput(demand), promptTokens, cachedTokens: 0 });
  };

  // It tells of itself in the middle of the end of a call.
  breakers.onChange(() => queueMicrotask(changed));

  return {
    request,
    options(call, context) {
      const demand = demandFor(call, context);
      const now = clock.now();
      const { excluded } = context.ticket;
      return { demand, ...optionsFor({ ...scene(now), demand, excluded }) };
    },
    prepare(call, context, option) {
      const member = members.get(option.node);
      const now = clock.now();
      const act =
        member && actOf(option, demandFor(call, context), member.facts(now), context.requestId, now, estimates);
      if (!member || !act) return () => {};
      const over = member.prepare(act);
      return (loaded) => {
        over(loaded);
        wake();
      };
    },
    report(name, generate, state) {
      const member = members.get(name);
      const before = member && abilities(member);
      if (member) member.report(generate, state);
      else members.set(name, createMember(name, { generate, state }, descriptions.get(name), clock, cordoned));
      const reporter = members.get(name)!;
      estimates.reported(reporter.facts(clock.now()));
      if (before === abilities(reporter)) wake();
      else changed();
    },
    describe(name, description) {
      descriptions.set(name, description);
      members.get(name)?.describe(description);
      changed();
    },
    suspend(name) {
      members.get(name)?.suspend();
      changed();
    },
    remove(name) {
      members.delete(name);
      breakers.forget(name);
      changed();
    },
    cordon(name, on) {
      if (on) cordoned.add(name);
      else cordoned.delete(name);
      members.get(name)?.steered();
      changed();
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      admission.forget(clock.now());
      pass();
    },
    get paused() {
      return paused;
    },
    cancel(requestId) {
      const found = [...queue.ordered(clock.now())].filter((entry) => entry.context.requestId === requestId);
      for (const entry of found)
        entry.refuse(new ClusterError('client_closed', 'canceled by an operator while it waited'));
      return found.length;
    },
    get nodes() {
      return [...members.values()];
    },
    get facts() {
      return factsOf(clock.now());
    },
    get waiting() {
      return queue.size;
    },
    get waitingCalls() {
      const now = clock.now();
      return [...queue.ordered(now)].map((entry, position) => {
        const { call, context, demand, since } = entry;
        const { requestId, priority, ticket } = context;
        return {
          ...{ requestId, model: call.model, priority, key: demand.tenant, position, since, attempt: ticket.attempt },
          etaMs: etaOf(entry, now),
        };
      });
    },
    get expectedWaitMs() {
      return admission.longestExpectedWaitMs(clock.now());
    },
    get refused() {
      return admission.refused;
    },
    get inFlight() {
      return leases.inFlight;
    },
    placements: leases.placements,
    breakers,
    estimates,
  };
}

function etaOf({ startsAt }: Entry, now: number): number | undefined {
  return startsAt === undefined ? undefined : Math.max(0, startsAt - now);
}

/** What decides whom a node may serve at all, for comparing. */
function abilities({ ready, state }: Member): string {
  return `${ready} ${state.bootId} ${state.models.map(({ name }) => name).join(' ')}`;
}

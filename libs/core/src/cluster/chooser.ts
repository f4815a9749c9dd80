import type { Breakers } from '../failure/breaker.ts';
import type { Call, Context } from '../generate.ts';
import type { Clock } from '../ports.ts';
import { workOf } from '../queue/work.ts';
import type { Demand } from '../routing/demand.ts';
import { demandOf } from '../routing/demand-of.ts';
import type { LearntEstimates } from '../routing/learnt.ts';
import type { Exclusion, Option } from '../routing/option.ts';
import { optionsFor } from '../routing/options-for.ts';
import type { PlanParameters } from '../routing/parameters.ts';
import type { Scene } from '../routing/pass.ts';
import type { Policy, Route } from '../routing/policy.ts';
import { barredBy, createPolicies, routeFor } from '../routing/routes.ts';
import { createGate, type Gate } from './gate.ts';
import type { Membership } from './membership.ts';

/** A choice that could be made for a call now. */
export interface Preview {
  readonly demand: Demand;
  /** The cheapest first. */
  readonly options: readonly Option[];
  readonly exclusions: readonly Exclusion[];
}

/** The cluster at one moment. */
export interface Moment extends Scene {
  readonly gate: Gate;
}

/** What calls ask for, and what there is to choose from. */
export interface Chooser {
  /** Its route is settled with it. */
  demandFor(call: Call, context: Context): Demand;
  routeOf(demand: Demand): Route;
  policyFor(demand: Demand): Policy;
  /** What the call costs whoever serves it. */
  workFor(demand: Demand): number;
  moment(): Moment;
  /** What could be chosen for a call now; nothing is taken. */
  preview(call: Call, context: Context): Preview;
}

interface Options {
  readonly clock: Clock;
  readonly membership: Membership;
  readonly breakers: Breakers;
  readonly estimates: LearntEstimates;
  readonly routes: () => readonly Route[];
  readonly parameters: PlanParameters;
}

export function createChooser({ clock, membership, breakers, estimates, routes, parameters }: Options): Chooser {
  const policyOf = createPolicies();
  const routeByDemand = new WeakMap<Demand, Route>();
  const routeOf = (demand: Demand): Route => routeByDemand.get(demand)!;
  const requires = (demand: Demand): readonly string[] => routeOf(demand).requires ?? [];
  const bars = (demand: Demand, node: string): string | undefined => barredBy(routeOf(demand), node);

  const demandFor = (call: Call, context: Context): Demand => {
    const demand = demandOf(call, context, estimates);
    routeByDemand.set(demand, routeFor(routes(), demand, call));
    return demand;
  };

  const moment = (): Moment => {
    const now = clock.now();
    const nodes = membership.facts(now);
    const gate = createGate(nodes, breakers);
    return { now, nodes, estimates, parameters, requires, bars, allows: gate.allows, gate };
  };

  return {
    demandFor,
    routeOf,
    policyFor: (demand) => policyOf(routeOf(demand)),
    workFor(demand) {
      const sizeBytes = membership.model(demand.model)?.sizeBytes;
      const { promptTokens } = demand;
      return workOf({ sizeBytes, outputTokens: estimates.expectedOutput(demand), promptTokens, cachedTokens: 0 });
    },
    moment,
    preview(call, context) {
      const demand = demandFor(call, context);
      const { excluded } = context.ticket;
      return { demand, ...optionsFor({ ...moment(), demand, excluded }) };
    },
  };
}

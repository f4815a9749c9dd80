import type { Call } from '../generate.ts';
import { canonicalModel } from '../model-name.ts';
import { matchesWildcard } from '../wildcard.ts';
import type { Demand } from './demand.ts';
import { policies } from './policies/table.ts';
import type { Policy, Route } from './policy.ts';

/** What a call is about, as a route may name it. */
export const workloads = ['chat', 'code', 'embed', 'image'] as const;

export type Workload = (typeof workloads)[number];

/** For calls that no route is made for. */
const usualRoute: Route = { match: '*', policy: 'cost' };

/** The first route that matches the call. */
export function routeFor(routes: readonly Route[], demand: Demand, call: Call): Route {
  return routes.find(({ match }) => matches(match, demand, call)) ?? usualRoute;
}

/** Told by what the call asks for and by the model's name; what stands in a prompt says nothing about who should answer. */
export function workloadOf({ kind, capabilities, model }: Demand, call: Call): Workload {
  if (kind === 'embed') return 'embed';
  if (capabilities.includes('vision') || showsPictures(call)) return 'image';
  return /(?<!en|de)code/i.test(model) ? 'code' : 'chat';
}

/** Why a route keeps calls from a node whatever its state; undefined: it does not. */
export function barredBy({ policy, weights = {}, primary, fallback = [] }: Route, node: string): string | undefined {
  if (policy === 'weighted' && !((weights[node] ?? 0) > 0)) {
    return 'its route gives it no weight';
  }
  if (policy === 'primary-fallback' && fallback.length > 0 && node !== primary && !fallback.includes(node)) {
    return 'its route names other nodes';
  }
  return undefined;
}

/** Returns a function that gives each route its policy, the same one each time: some remember whose turn it is. */
export function createPolicies(): (route: Route) => Policy {
  const known = new WeakMap<Route, Policy>();
  return (route) => {
    const policy = known.get(route) ?? policies[route.policy](route);
    known.set(route, policy);
    return policy;
  };
}

function matches(pattern: string, demand: Demand, call: Call): boolean {
  if (isWorkload(pattern)) return pattern === workloadOf(demand, call);
  return pattern.includes('*') ? matchesWildcard(pattern, demand.model) : canonicalModel(pattern) === demand.model;
}

function isWorkload(text: string): text is Workload {
  return (workloads as readonly string[]).includes(text);
}

function showsPictures({ kind }: Call): boolean {
  if (kind.case === 'completion') return kind.value.images.length > 0;
  if (kind.case !== 'chat') return false;
  const media = kind.value.messages.flatMap(({ parts }) => parts.filter((part) => part.kind.case === 'media'));
  return media.some(({ kind }) => kind.case === 'media' && kind.value.mediaType.startsWith('image/'));
}

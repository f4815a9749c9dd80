import type { PolicyName, Route } from '@tutti/core/cluster';

/** A route that sends every call by that policy; where a policy wants more to be said, all nodes are alike. */
export function routeOf(policy: PolicyName, nodes: readonly string[]): Route {
  const [primary] = nodes;
  return {
    ...{ match: '*', policy },
    ...(policy === 'weighted' && { weights: Object.fromEntries(nodes.map((name) => [name, 1])) }),
    ...(policy === 'primary-fallback' && primary !== undefined && { primary }),
  };
}

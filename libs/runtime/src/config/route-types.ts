import { nearestName, policyNames } from '@tutti/core';
import type { Route } from '@tutti/core/cluster';
import { z } from 'zod';
import { list, milliseconds, nodeName, number, text } from './types.ts';

const policy = z.enum(policyNames, {
  error: ({ input }) => {
    const near = typeof input === 'string' ? nearestName(input, policyNames) : undefined;
    return `${near === undefined ? '' : `did you mean ${near}? `}use one of: ${policyNames.join(', ')}`;
  },
});

const route = z
  .strictObject({
    match: text.describe('Pattern of model names with *, or a workload: chat, code, embed, image.'),
    policy: policy.default('cost').describe('How a node is chosen.'),
    weights: z
      .record(nodeName, number(0, 1_000_000))
      .exactOptional()
      .describe('Parts of the calls by node, for the policy weighted; nodes that are not named get none.'),
    primary: nodeName.exactOptional().describe('Node that comes first, for the policy primary-fallback.'),
    fallback: list(nodeName)
      .exactOptional()
      .describe('Nodes that come next, in order, for the policy primary-fallback. Left out: any.'),
    requires: list(text)
      .exactOptional()
      .describe('What a node must have, all of it: its type, its platform, a capability or a label.'),
    temperature: number(0, 1)
      .exactOptional()
      .describe('How far the choice may stray from the best: 0, never, to 1. For cost, weighted and the like.'),
    slowStartMs: milliseconds
      .exactOptional()
      .describe('Milliseconds until a node that has just become ready gets its full share.'),
  })
  .superRefine(({ policy, weights, primary, fallback }, context) => {
    const refuse = (message: string): void => context.addIssue({ code: 'custom', message });
    if (policy === 'weighted' && Object.values(weights ?? {}).every((weight) => weight === 0)) {
      refuse('the policy weighted needs weights, one of them over 0');
    }
    if (policy !== 'weighted' && weights) refuse('weights go with the policy weighted');
    if (policy === 'primary-fallback' && primary === undefined) refuse('the policy primary-fallback needs its primary');
    if (policy !== 'primary-fallback' && (primary !== undefined || fallback)) {
      refuse('primary and fallback go with the policy primary-fallback');
    }
  });

/** Routes as people write them down; the first that matches a call counts. */
export const routes = list(route);

/** Sentences about nodes in routes that nobody knows: they may still come, or be misspelt. */
export function routeWarnings(routes: readonly Route[], nodes: readonly string[]): string[] {
  const warn = (place: string, name: string): string => {
    const near = nearestName(name, nodes);
    return `${place}: no node is known by the name "${name}".${near === undefined ? '' : ` Did you mean ${near}?`}`;
  };
  return routes.flatMap(({ weights = {}, primary, fallback = [] }, i) => [
    ...unknown(Object.keys(weights), nodes).map((name) => warn(`routes[${i}].weights`, name)),
    ...unknown(primary === undefined ? [] : [primary], nodes).map((name) => warn(`routes[${i}].primary`, name)),
    ...unknown(fallback, nodes).map((name) => warn(`routes[${i}].fallback`, name)),
  ]);
}

function unknown(names: readonly string[], nodes: readonly string[]): string[] {
  return names.filter((name) => !nodes.includes(name));
}

import type { Demand } from './demand.ts';
import type { NodeFacts } from './node-facts.ts';
import type { Option } from './option.ts';
import type { Random } from '../ports.ts';

/** What a policy sees beside the options. */
export interface PolicyView {
  readonly now: number;
  readonly random: Random;
  /** Facts of a node that an option names. */
  facts(node: string): NodeFacts;
}

/** Chooses among the ways of running a call. It replaces how costs are weighed, never what is allowed or possible. */
export interface Policy {
  /** Which options it is shown: the twenty cheapest, or the best and those that cost the same; absent: all. */
  readonly shown?: 'cheapest' | 'best';
  /** One of `options`, which are never empty; a call waits for the one that is chosen if it is not startable. */
  pick(demand: Demand, options: readonly Option[], view: PolicyView): Option;
  /** The call really starts there: what turns a wheel turns it now. */
  started?(demand: Demand, option: Option): void;
}

/** Names of the policies, as the configuration has them. */
export const policyNames = ['cost', 'weighted', 'round-robin', 'least-busy', 'tier', 'primary-fallback'] as const;

export type PolicyName = (typeof policyNames)[number];

/** Which calls go by which policy; the first route that matches counts. */
export interface Route {
  /** Pattern of the model's name with "*", or one of the workloads "chat", "code", "embed", "image". */
  readonly match: string;
  readonly policy: PolicyName;
  /** Part of the calls by node, for `weighted`; nodes that are not named get none. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Node that comes first, for `primary-fallback`. */
  readonly primary?: string;
  /** Nodes that follow in order, for `primary-fallback`; none: any. */
  readonly fallback?: readonly string[];
  /** What a node's `type` or `capabilities` must have, all of it. */
  readonly requires?: readonly string[];
  /** How far the choice may stray from the best, 0 (never) to 1: for `cost`, a softmax over the predicted totals. */
  readonly temperature?: number;
  /** A node that has just become ready gets its full share after so long. */
  readonly slowStartMs?: number;
}

import type { Demand } from './demand.ts';
import type { ModelFacts, NodeFacts } from './node-facts.ts';

/** What is expected of nodes and models. Each answer falls back from what was measured to a prior from size and hardware. */
export interface Estimates {
  /** Prompt tokens a second of one call alone on the node. */
  prefillSpeed(node: NodeFacts, model: ModelFacts): number;
  /** Output tokens a second of one call alone on the node. */
  decodeSpeed(node: NodeFacts, model: ModelFacts): number;
  /** Milliseconds to bring the model into the node's memory. */
  loadMs(node: NodeFacts, model: ModelFacts): number;
  /** Memory of the model with that context length and those slots. */
  runnerBytes(node: NodeFacts, model: ModelFacts, numCtx: number, slots: number): number;
  /** What of that is known, and so may make a model impossible: measured, or shown by loads that failed; absent: all. */
  leastBytes?(node: NodeFacts, model: ModelFacts, numCtx: number, slots: number): number;
  /** Output tokens of a call of this tenant and model. */
  expectedOutput(demand: Demand): number;
  /** Output tokens still to come after `soFar`. */
  expectedRest(demand: Demand, soFar: number): number;
  /** Calls a millisecond that ask for the model now. */
  arrivalRate(model: string, now: number): number;
  /** Prompt tokens by characters of prompt text. */
  tokensPerCharacter(model: string): number;
  /** Largest context length that calls of the model needed in the last ten minutes; 0: none did. */
  largestContext(model: string, now: number): number;
}

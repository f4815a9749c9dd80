import type { Json, JsonObject } from '../json.ts';
import type { FunctionOffer } from '../question.ts';

/** When a tool is used: at once; after a person has allowed that one use; never. */
export const toolPolicies = ['auto', 'ask', 'deny'] as const;

export type ToolPolicy = (typeof toolPolicies)[number];

/** Something that a specialist can do beside talking. */
export interface Tool extends FunctionOffer {
  readonly policy: ToolPolicy;
  /** How long a person has to allow a use, where the policy is "ask". Default: ten minutes. */
  readonly askMs?: number;
  /** What it throws is told to the model as the message of a ClusterError. It may be done again after a crash. */
  run(args: JsonObject, signal: AbortSignal): Promise<Json>;
}

/** Tools by their names. */
export type Tools = Readonly<Record<string, Tool>>;

/** A tool as a run keeps it, so that it asks the same in every process. */
export type OfferedTool = {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonObject;
  readonly policy: ToolPolicy;
  readonly askMs?: number;
};

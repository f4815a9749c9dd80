import type { Random } from '../ports.ts';
import type { Spent } from './budget.ts';
import type { Json, JsonObject } from './json.ts';
import type { Answer, Question } from './question.ts';
import type { HumanQuestion, Note } from './run-event.ts';

/** A model that the cluster has, as a pattern sees it when a run starts. */
export interface AvailableModel {
  readonly name: string;
  /** Whether some node has it in memory. */
  readonly resident: boolean;
  readonly sizeBytes: number;
  /** Tokens; 0: unknown. */
  readonly contextLength: number;
  /** For example "llama"; "": unknown. */
  readonly family: string;
  /** As backends say: "completion", "tools", "vision", "embedding", "thinking". */
  readonly capabilities: readonly string[];
}

/** What a run ends with. `text` is the answer for people; the rest is the pattern's own. */
export interface PatternResult extends JsonObject {
  readonly text: string;
}

/** What a run will take at most, before anything is spent. */
export interface Estimate {
  readonly calls: number;
  /** Tokens that models generate, at the least that makes sense. */
  readonly tokens: number;
  /** Different models. */
  readonly models: number;
}

/** What is asked of a pattern, once read and completed: plain JSON, all that its run depends on. */
export type PatternInput = JsonObject;

/**
 * A way in which several calls make one answer: one file, and one line in the table of patterns.
 *
 * `run` is deterministic: whatever it does follows from its input and from what `context` gave it, in that order. It
 * waits for nothing else, and reads no clock, no chance and no state of the process. After a crash it is run again from the
 * start; what has been answered before is answered again in the same order.
 */
export interface Pattern<Input extends PatternInput = PatternInput> {
  readonly name: string;
  /**
   * Reads what a client sent, fills in what it left out (members, sizes) and refuses the rest with `invalid_request` and
   * the field's name.
   */
  parse(body: JsonObject, models: readonly AvailableModel[]): Input;
  estimate(input: Input): Estimate;
  /** The next cheaper way to answer the same, for a budget that this one does not fit. */
  simpler?(input: Input): { readonly pattern: string; readonly body: JsonObject } | undefined;
  run(input: Input, context: RunContext): AsyncGenerator<Note, PatternResult, void>;
}

/** What a pattern asks the world through. */
export interface RunContext {
  /** Milliseconds since 1970 when the last thing happened that the pattern knows of. */
  now(): number;
  /** Seeded by the run's id. */
  readonly random: Random;
  /** What is spent, as far as the pattern knows. */
  readonly spent: Spent;
  /** Tokens that each of so many calls still to come may generate within the budget. */
  allowance(calls: number): number;
  /** Asks a model. Ids are unique in the run, of letters, digits, "-" and ".". */
  ask(id: string, question: Question): Asked<Answer>;
  /** Does something that is no call of a model, once: its value is journaled. It is done again only if it never ended. */
  step(id: string, effect: (signal: AbortSignal) => Promise<Json>): Asked<Json>;
  /** Asks a person; fails with `deadline_exceeded` when the question expires. */
  human(id: string, question: HumanQuestion): Asked<Json>;
  /** Keeps the best answer so far: what the run ends with if its budget or its time ends first. */
  best(result: PatternResult): void;
  /** What went wrong although the run went on: told with the result. */
  degraded(reason: string): void;
}

/** Something that was asked. Steps of one turn start together. */
export interface Asked<T> {
  readonly id: string;
  /** Rejects with a ClusterError; never unhandled. */
  readonly answer: Promise<T>;
  /** Stops it: nobody needs the answer any more. Its promise rejects with `client_closed`. */
  drop(why: string): void;
}

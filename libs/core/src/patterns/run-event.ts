import type { Reason } from '../error.ts';
import type { Context } from '../generate.ts';
import type { Json, JsonObject } from './json.ts';
import type { Answer, StepLabel } from './question.ts';
import type { Budget, Resource, Spent, Tokens } from './budget.ts';
import type { PatternResult } from './pattern.ts';
import type { RunWishes } from './wishes.ts';

/** Why something failed, as it stands in a journal. */
export interface RunError {
  readonly reason: Reason;
  readonly message: string;
}

/** A question to a person. */
export interface HumanQuestion {
  readonly prompt: string;
  /** What may be answered: JSON schema; undefined: any text. */
  readonly schema?: JsonObject;
  /** What will happen if it is allowed; the answer is bound to its hash. */
  readonly effect?: Json;
  /** Milliseconds after which nobody is waited for any more. */
  readonly expiresMs: number;
}

/** Whose run it is, and how its calls are to be made. Plain JSON, no secrets. */
export type RunCaller = Pick<
  Context,
  'principal' | 'priority' | 'privacy' | 'hops' | 'pin' | 'tier' | 'resume' | 'fallback'
>;

/** What happens in a run. Its journal is a list of these; its state is their fold. */
export type RunEvent =
  /** The first event: everything that the run depends on from outside. */
  | {
      readonly type: 'started';
      readonly pattern: string;
      readonly input: JsonObject;
      readonly budget: Budget;
      /** Under whose rights it makes its calls, whoever works on it. */
      readonly caller?: RunCaller;
      /** How its models are to answer. */
      readonly wishes?: RunWishes;
      /** Hash of what was asked: the same id must ask the same. */
      readonly request?: string;
      /** The pattern that was asked for, if the budget had too little of a resource for it. */
      readonly downgraded?: { readonly from: string; readonly resource: Resource };
    }
  /** A process takes the run; events of older terms that come after it do not count. */
  | { readonly type: 'claimed'; readonly owner: string }
  /** A step begins. */
  | {
      readonly type: 'asked';
      readonly step: string;
      readonly label: StepLabel;
      /** Of what was asked: the same step must ask the same on each replay. */
      readonly hash: string;
      readonly model?: string;
      /** Whether the model was not in memory. */
      readonly swap?: boolean;
      /** The step with the same question, whose answer is this one's too. */
      readonly sameAs?: string;
    }
  /** What a step said since the last such event. */
  | { readonly type: 'said'; readonly step: string; readonly voice: 'answer' | 'thinking'; readonly text: string }
  /** A step ends with an answer. */
  | { readonly type: 'answered'; readonly step: string; readonly answer: Answer }
  /** A step that is no call of a model ends. */
  | { readonly type: 'stepped'; readonly step: string; readonly value: Json }
  /** A step ends without an answer. */
  | { readonly type: 'failed'; readonly step: string; readonly error: RunError; readonly tokens?: Tokens }
  /** The pattern does not want the answer any more. */
  | { readonly type: 'dropped'; readonly step: string; readonly why: string; readonly tokens?: Tokens }
  /** A person is asked. */
  | { readonly type: 'waiting'; readonly step: string; readonly question: HumanQuestion }
  /** The pattern tells something: a vote, a round, a plan. */
  | { readonly type: 'noted'; readonly note: Note }
  /** The budget has no more of this. */
  | { readonly type: 'exhausted'; readonly resource: Resource }
  /** Somebody ended it. */
  | { readonly type: 'cancelled' }
  /** The last event. */
  | {
      readonly type: 'ended';
      readonly state: 'COMPLETED' | 'CANCELLED' | 'FAILED';
      readonly result?: PatternResult;
      readonly error?: RunError;
      readonly spent: Spent;
    };

/** What a pattern tells. */
export interface Note extends JsonObject {
  readonly kind: string;
}

/** An event with its place in the journal. */
export interface RunEntry {
  readonly seq: number;
  readonly term: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly event: RunEvent;
}

import type { Priority, Privacy } from '../generate.ts';

/** The beginning of a prompt up to some point: two prompts with the same mark begin with the same text. */
export interface PrefixMark {
  /** Hash of all text up to here. */
  readonly hash: number;
  /** Estimated tokens up to here. */
  readonly tokens: number;
}

/** What a call asks of a node, worked out once when it arrives. */
export interface Demand {
  /** Canonical name of the model. */
  readonly model: string;
  /** Digest that is meant; absent: whatever the name stands for. */
  readonly digest?: string;
  readonly kind: 'generate' | 'embed';
  /** What the model must be able to do, in the words of `Model.capabilities`; those that the call itself shows. */
  readonly capabilities: readonly string[];
  /** Estimated, with the model's learnt tokens per character. */
  readonly promptTokens: number;
  /** Characters that the estimate is made from; absent: it is made from more than characters. */
  readonly promptCharacters?: number;
  /** Tokens that must fit the context at once, where that is not the whole prompt. */
  readonly contextTokens?: number;
  /** Most tokens that the caller lets the model generate; Infinity if it did not say. */
  readonly maxOutputTokens: number;
  /** Context length that the caller asked for; undefined if it did not say. */
  readonly numCtx: number | undefined;
  /** Runner options other than `num_ctx`, as canonical JSON text; "" for none. A runner with others must be reloaded. */
  readonly runnerOptions: string;
  /** Marks of the prompt, shortest first. */
  readonly prefix: readonly PrefixMark[];
  /** Whose work it is: id of the key. */
  readonly tenant: string;
  readonly priority: Priority;
  readonly privacy: Privacy;
  /** The only node that will do. */
  readonly node: string | undefined;
  /** The only tier that will do. */
  readonly tier: number | undefined;
}

import type { JsonObject } from './json.ts';

/** One turn of a conversation, as patterns write them. */
export interface Turn extends JsonObject {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Pictures in base64. */
  readonly images?: readonly string[];
  /** Functions that the model asked for in this turn. */
  readonly toolCalls?: readonly FunctionCall[];
  /** Name of the function that this turn answers for. */
  readonly toolName?: string;
}

/** A function that a model may ask for. */
export interface FunctionOffer {
  readonly name: string;
  readonly description: string;
  /** JSON schema of its arguments. */
  readonly parameters: JsonObject;
}

/** A function that a model asks for. */
export interface FunctionCall extends JsonObject {
  readonly id: string;
  readonly name: string;
  /** A JSON object as text. */
  readonly arguments: string;
}

/** How a step is shown to people; the engine does not act on it. */
export interface StepLabel {
  /** For example "member", "judge", "critic", "synthesis". */
  readonly role: string;
  readonly round?: number;
  /** Id of the task that it works on. */
  readonly task?: string;
}

/** What a pattern asks of one model. Plain JSON: the same question has the same text in every process. */
export interface Question {
  readonly model: string;
  readonly messages: readonly Turn[];
  readonly label: StepLabel;
  /**
   * "answer": it is the answer of the run, given to the client token by token. "thinking": a member's voice, for
   * clients that show it. "silent": nobody hears it. Default: "thinking", with a schema "silent".
   */
  readonly voice?: 'answer' | 'thinking' | 'silent';
  /** Most tokens to generate; the budget may grant less. */
  readonly maxTokens: number;
  readonly temperature?: number;
  readonly topP?: number;
  /** Makes samples of one prompt differ; two questions that are the same in all are asked once. */
  readonly seed?: number;
  /** JSON schema that the answer must meet. */
  readonly schema?: JsonObject;
  readonly tools?: readonly FunctionOffer[];
  /** Tokens of context that the question needs at least; by default estimated from its length. */
  readonly numCtx?: number;
  /** Tokens of context that the caller would like. */
  readonly wishedCtx?: number;
  /** How long the model stays in memory afterwards, as `Call.keepAliveMs`. */
  readonly keepAliveMs?: number;
  /** Sampling options in Ollama's names, which go before those above. */
  readonly options?: JsonObject;
  /** Whether to reason first: "true", "false", "low", "medium", "high"; undefined: as the model does by itself. */
  readonly think?: string;
}

/** What a model answered. */
export interface Answer {
  readonly text: string;
  readonly thinking: string;
  readonly toolCalls: readonly FunctionCall[];
  /** Who answered. */
  readonly model: string;
  readonly node: string;
  /** Why it ended: "stop" or "length". */
  readonly reason: string;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly durationMs: number;
}

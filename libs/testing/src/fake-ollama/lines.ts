import { goJson } from './go-json.ts';

/** One piece of an answer: text, thinking or a tool call. */
export interface Piece {
  readonly content: string;
  readonly thinking?: string;
  /** JSON of the list of tool calls. */
  readonly toolCalls?: string;
  /** JSON of the entries for the piece's tokens, without brackets. */
  readonly logprobs?: string;
  /** How many tokens it is; 1 by default. */
  readonly tokens?: number;
}

/** What the last line says more. */
export interface Ending {
  readonly reason: string;
  readonly metrics?: Metrics;
  readonly context?: readonly number[];
}

export interface Metrics {
  readonly totalMs: number;
  readonly loadMs: number;
  readonly promptTokens: number;
  readonly promptMs: number;
  readonly tokens: number;
  readonly tokensMs: number;
}

/** Writes the objects of an answer, in Ollama's order of fields. */
export type Face = (piece: Piece, ending?: Ending) => string;

/** Objects of `/api/chat`. `stamp` gives the time of each. */
export function chatFace(model: string, stamp: () => string): Face {
  const head = `{"model":${goJson(model)},"created_at":"`;
  return (piece, ending) =>
    `${head}${stamp()}","message":{"role":"assistant","content":${goJson(piece.content)}${thinking(piece)}` +
    `${piece.toolCalls ? `,"tool_calls":${piece.toolCalls}` : ''}}${done(ending)}${logprobs(piece)}${metrics(ending)}}`;
}

/** Objects of `/api/generate`. */
export function generateFace(model: string, stamp: () => string): Face {
  const head = `{"model":${goJson(model)},"created_at":"`;
  return (piece, ending) => {
    const context = ending?.context ? `,"context":[${ending.context.join(',')}]` : '';
    const text = `"response":${goJson(piece.content)}${thinking(piece)}`;
    return `${head}${stamp()}",${text}${done(ending)}${context}${metrics(ending)}${logprobs(piece)}}`;
  };
}

function thinking(piece: Piece): string {
  return piece.thinking ? `,"thinking":${goJson(piece.thinking)}` : '';
}

function done(ending: Ending | undefined): string {
  return ending === undefined ? ',"done":false' : `,"done":true,"done_reason":"${ending.reason}"`;
}

function logprobs(piece: Piece): string {
  return piece.logprobs ? `,"logprobs":[${piece.logprobs}]` : '';
}

/** Durations are whole nanoseconds, never 0 (Go would leave them out); one token alone has no duration. */
function metrics(ending: Ending | undefined): string {
  const given = ending?.metrics;
  if (given === undefined) return '';
  const evaluation = given.tokens > 1 ? `,"eval_duration":${nanoseconds(given.tokensMs)}` : '';
  return (
    `,"total_duration":${nanoseconds(given.totalMs)},"load_duration":${nanoseconds(given.loadMs)}` +
    `,"prompt_eval_count":${given.promptTokens},"prompt_eval_duration":${nanoseconds(given.promptMs)}` +
    `${given.tokens > 0 ? `,"eval_count":${given.tokens}` : ''}${evaluation}`
  );
}

export function nanoseconds(ms: number): number {
  return Math.max(1, Math.round(ms * 1e6));
}

import type { Client } from '../connection/client.ts';
import { jsonLines } from '../connection/stream-lines.ts';
import { onNode } from '../on-node.ts';

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A question as Ollama's /api/chat takes it. */
export interface Question {
  readonly model: string;
  readonly messages: readonly Message[];
  /** "json", or a JSON schema. */
  readonly format?: unknown;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly think?: boolean;
  /** Name of the node that must answer. */
  readonly node?: string;
}

/** A whole answer, and its way. What the backend does not count is absent. */
export interface Reply {
  readonly model: string;
  readonly text: string;
  readonly thinking: string;
  readonly node: string;
  /** Why that node. */
  readonly route: string;
  readonly requestId: string;
  readonly attempts?: number;
  readonly queueMs?: number;
  readonly totalMs?: number;
  readonly loadMs?: number;
  readonly promptTokens?: number;
  readonly outputTokens?: number;
  readonly tokensPerSecond?: number;
}

interface Listeners {
  readonly onText: (text: string) => void;
  readonly onThinking?: (text: string) => void;
  /** Aborted, it ends the answer: `client_closed`. */
  readonly signal?: AbortSignal;
}

interface ChatLine {
  readonly message?: { readonly content?: string; readonly thinking?: string };
  readonly tutti?: {
    readonly requestId?: string;
    readonly node?: string;
    readonly route?: string;
    readonly queueMs?: number;
    readonly attempts?: number;
  };
  readonly total_duration?: number;
  readonly load_duration?: number;
  readonly prompt_eval_count?: number;
  readonly eval_count?: number;
  readonly eval_duration?: number;
}

/** Asks a model over the public API, as any client would; the words come as they are made. */
export async function streamChat(client: Client, question: Question, listeners: Listeners): Promise<Reply> {
  const { node, ...body } = question;
  const { onText, onThinking, signal } = listeners;
  const response = await client.send('POST', '/api/chat', { body, headers: onNode(node), ...(signal && { signal }) });
  let text = '';
  let thinking = '';
  let last: ChatLine = {};
  for await (const line of jsonLines<ChatLine>(response)) {
    last = line;
    const { content = '', thinking: thought = '' } = line.message ?? {};
    text += content;
    thinking += thought;
    if (thought !== '') onThinking?.(thought);
    if (content !== '') onText(content);
  }
  return { model: question.model, text, thinking, ...wayOf(last), ...countsOf(last) };
}

function wayOf({ tutti: { node = '', route = '', requestId = '', attempts, queueMs } = {} }: ChatLine) {
  return {
    node,
    route,
    requestId,
    ...(attempts !== undefined && { attempts }),
    ...(queueMs !== undefined && { queueMs }),
  };
}

/** Ollama counts in nanoseconds. */
function countsOf(line: ChatLine) {
  const {
    total_duration: total,
    load_duration: load,
    prompt_eval_count: promptTokens,
    eval_count: outputTokens,
  } = line;
  return {
    ...(total !== undefined && { totalMs: total / 1e6 }),
    ...(load !== undefined && { loadMs: load / 1e6 }),
    ...(promptTokens !== undefined && { promptTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
    ...(outputTokens && line.eval_duration && { tokensPerSecond: outputTokens / (line.eval_duration / 1e9) }),
  };
}

import type { ToolCall } from '@tutti/proto/tutti/agent/v1/call';
import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { parseJson } from '../json/parse.ts';
import { moreMembers } from '../json/text.ts';
import { ownSignature } from './thinking.ts';

/** What all of one answer has in common. */
export interface AnswerFacts {
  /** For example "msg_01XFDUDYJgAACzvnptvVoYEL". */
  readonly id: string;
  readonly model: string;
  /** Makes an id for a tool call whose backend gave none. */
  readonly toolUseId: () => string;
  /** Whether the client does not want to read what the model thinks. */
  readonly hidesThinking: boolean;
}

/** A message around its content. `ending`: the members about its end, from `stop_reason` on. */
export function messageText({ id, model }: AnswerFacts, content: string, ending: string): string {
  const head = `"id":${JSON.stringify(id)},"type":"message","role":"assistant","model":${JSON.stringify(model)}`;
  return `{${head},"content":[${content}],${ending}}`;
}

/** The block that asks for a tool, without its input. */
export function toolUseText(call: ToolCall, { toolUseId }: AnswerFacts, inputJson: string): string {
  const id = JSON.stringify(call.id === '' ? toolUseId() : call.id);
  return `{"type":"tool_use","id":${id},"name":${JSON.stringify(call.name)},"input":${inputJson},"caller":{"type":"direct"}}`;
}

/** A thought that only the server can read that had it. */
export function redactedText(data: unknown): string {
  return `{"type":"redacted_thinking","data":${JSON.stringify(data)}}`;
}

/** What another server has said of a piece or of the end, in Anthropic's words. */
export interface Foreign {
  readonly signature?: unknown;
  readonly redacted_thinking?: unknown;
  readonly stop_reason?: unknown;
  readonly stop_sequence?: unknown;
}

export function foreignOf({ extraJson }: { readonly extraJson: string }): Foreign {
  return extraJson === '' ? {} : (parseJson(extraJson) as Foreign);
}

/** What signs a thought: what the server said that had it, else our own word. */
export function signatureOf({ signature }: Foreign): string {
  return typeof signature === 'string' ? signature : ownSignature;
}

/** Other reasons than these, no client knows. */
const stopReasons: ReadonlySet<unknown> = new Set(['pause_turn', 'refusal', 'model_context_window_exceeded']);

/**
 * `stop_reason` and `stop_sequence`, with what belongs to them. Most backends do not tell whether it was a stop sequence
 * that ended the answer: then it is the end of the turn.
 */
export function stopMembers(done: Done, asksForTool: boolean): string {
  const { stop_reason: reason, stop_sequence: sequence } = foreignOf(done);
  const stopped = typeof sequence === 'string' ? sequence : undefined;
  const name = stopReasons.has(reason) ? (reason as string) : stopReason(done, asksForTool, stopped !== undefined);
  const matched = name === 'stop_sequence' ? JSON.stringify(stopped) : 'null';
  return `"stop_reason":"${name}","stop_sequence":${matched},"stop_details":null`;
}

function stopReason({ reason }: Done, asksForTool: boolean, stopped: boolean): string {
  if (reason === 'length') return 'max_tokens';
  if (asksForTool) return 'tool_use';
  return stopped ? 'stop_sequence' : 'end_turn';
}

/** `usage` of a whole answer, as text. Its counts must be numbers, so an unknown one is 0. */
export function usageText(done: Done): string {
  return `{${inputMembers(done)},${outputMembers(done)}}`;
}

/** `usage` at the end of a stream, which has told what it expected of the prompt: what is still unknown is left out. */
export function endUsageText(done: Done): string {
  const known = done.usage?.promptTokens !== undefined;
  return known ? usageText(done) : `{${outputMembers(done)}}`;
}

function inputMembers({ usage }: Done): string {
  const { promptTokens = 0, cachedTokens = 0 } = usage ?? {};
  return promptMembers(Math.max(0, promptTokens - cachedTokens), cachedTokens);
}

/** The counts of a prompt: Anthropic does not count its cached tokens among the others. */
export function promptMembers(inputTokens: number, cachedTokens: number): string {
  return `"input_tokens":${inputTokens},"cache_creation_input_tokens":0,"cache_read_input_tokens":${cachedTokens}`;
}

function outputMembers({ usage }: Done): string {
  const { outputTokens = 0, thinkingTokens, estimated } = usage ?? {};
  const more = moreMembers([
    ['output_tokens_details', thinkingTokens === undefined ? undefined : `{"thinking_tokens":${thinkingTokens}}`],
    ['source', estimated ? '"estimated"' : undefined],
  ]);
  return `"output_tokens":${outputTokens}${more}`;
}

import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, joinDeltas, type Extra } from '../answer.ts';
import { chatFields } from './answer-fields.ts';
import { headText, logprobsMember, metricMembers, unknownMembers } from './response-text.ts';
import { toolCallsText } from './tool-calls.ts';

/** A line of /api/chat with a piece of the answer, without the line's end. `createdAt` is RFC 3339. */
export function renderChatDelta(model: string, createdAt: string, delta: Delta): string {
  const unknown = unknownMembers(delta.extraJson, chatFields);
  return `${headText(model, createdAt)},"message":${messageText(delta)},"done":false${logprobsMember(delta)}${unknown}}`;
}

/** The last line of /api/chat. `extra` stands after Ollama's own fields. */
export function renderChatDone(model: string, createdAt: string, done: Done, extra: Extra = {}): string {
  return renderChat(model, createdAt, [], done, extra);
}

/** The whole answer of /api/chat as one object; without deltas the answer to loading and unloading. */
export function renderChat(
  model: string,
  createdAt: string,
  deltas: readonly Delta[],
  done: Done,
  extra: Extra = {},
): string {
  const answer = joinDeltas(deltas);
  const reason = `"done":true,"done_reason":${JSON.stringify(done.reason)}`;
  const facts = logprobsMember(answer) + metricMembers(done);
  const unknown = unknownMembers(done.extraJson, chatFields) + extraMembers(extra);
  return `${headText(model, createdAt)},"message":${messageText(answer)},${reason}${facts}${unknown}}`;
}

function messageText({ text, thinking, toolCalls }: Delta): string {
  const thought = thinking === '' ? '' : `,"thinking":${JSON.stringify(thinking)}`;
  const calls = toolCalls.length === 0 ? '' : `,"tool_calls":${toolCallsText(toolCalls, true)}`;
  return `{"role":"assistant","content":${JSON.stringify(text)}${thought}${calls}}`;
}

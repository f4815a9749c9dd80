import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, joinDeltas, type Extra } from '../answer.ts';
import { generateFields } from './answer-fields.ts';
import { headText, logprobsMember, metricMembers, unknownMembers } from './response-text.ts';
import { toolCallsText } from './tool-calls.ts';

/** A line of /api/generate with a piece of the answer, without the line's end. `createdAt` is RFC 3339. */
export function renderGenerateDelta(model: string, createdAt: string, delta: Delta): string {
  const unknown = unknownMembers(delta.extraJson, generateFields);
  return `${headText(model, createdAt)}${textMembers(delta)},"done":false${partMembers(delta)}${unknown}}`;
}

/** The last line of /api/generate. `extra` stands after Ollama's own fields. */
export function renderGenerateDone(model: string, createdAt: string, done: Done, extra: Extra = {}): string {
  return renderGenerate(model, createdAt, [], done, extra);
}

/** The whole answer of /api/generate as one object; without deltas the answer to loading and unloading. */
export function renderGenerate(
  model: string,
  createdAt: string,
  deltas: readonly Delta[],
  done: Done,
  extra: Extra = {},
): string {
  const answer = joinDeltas(deltas);
  const reason = `"done":true,"done_reason":${JSON.stringify(done.reason)}`;
  const context = done.context.length === 0 ? '' : `,"context":[${done.context.join(',')}]`;
  const facts = metricMembers(done) + partMembers(answer);
  const unknown = unknownMembers(done.extraJson, generateFields) + extraMembers(extra);
  return `${headText(model, createdAt)}${textMembers(answer)},${reason}${context}${facts}${unknown}}`;
}

function textMembers({ text, thinking }: Delta): string {
  const thought = thinking === '' ? '' : `,"thinking":${JSON.stringify(thinking)}`;
  return `,"response":${JSON.stringify(text)}${thought}`;
}

function partMembers(delta: Delta): string {
  const calls = delta.toolCalls.length === 0 ? '' : `,"tool_calls":${toolCallsText(delta.toolCalls, true)}`;
  return calls + logprobsMember(delta);
}

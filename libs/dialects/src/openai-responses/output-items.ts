import type { ToolCall } from '@tutti/proto/tutti/agent/v1/call';
import { objectText, type MaybeMember } from '../json/text.ts';
import { sealReasoning } from './sealed-reasoning.ts';

export type ItemStatus = 'completed' | 'in_progress' | 'incomplete';

/** A message of one text, or none yet. */
export function messageText(id: string, status: ItemStatus, parts: readonly string[]): string {
  return `{"id":"${id}","type":"message","status":"${status}","role":"assistant","content":[${parts.join()}]}`;
}

/** `logprobs`: the texts of the tokens' objects. */
export function outputTextPart(text: string, logprobs: readonly string[]): string {
  return `{"type":"output_text","text":${JSON.stringify(text)},"annotations":[],"logprobs":[${logprobs.join()}]}`;
}

export function reasoningPart(summary: boolean, text: string): string {
  return `{"type":"${summary ? 'summary_text' : 'reasoning_text'}","text":${JSON.stringify(text)}}`;
}

interface ReasoningFacts {
  readonly status: ItemStatus;
  /** Whether it is told as a summary. */
  readonly summary: boolean;
  /** Whether it is told in a form to hand back as well. */
  readonly sealed: boolean;
  /** Undefined: there is none yet. */
  readonly text?: string;
}

export function reasoningText(id: string, { status, summary, sealed, text }: ReasoningFacts): string {
  const parts = text === undefined ? '[]' : `[${reasoningPart(summary, text)}]`;
  const members: MaybeMember[] = [
    ['id', JSON.stringify(id)],
    ['type', '"reasoning"'],
    ['status', `"${status}"`],
    ['summary', summary ? parts : '[]'],
    ['content', summary ? undefined : parts],
    ['encrypted_content', sealed && text !== undefined ? JSON.stringify(sealReasoning(text)) : undefined],
  ];
  return objectText(members);
}

export function functionCallText(
  id: string,
  { id: callId, name, argumentsJson }: ToolCall,
  status: ItemStatus,
): string {
  return objectText([
    ['id', JSON.stringify(id)],
    ['type', '"function_call"'],
    ['status', `"${status}"`],
    ['arguments', JSON.stringify(argumentsJson)],
    ['call_id', JSON.stringify(callId)],
    ['name', JSON.stringify(name)],
  ]);
}

import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, joinDeltas, type Extra } from '../answer.ts';
import {
  foreignOf,
  messageText,
  redactedText,
  signatureOf,
  stopMembers,
  toolUseText,
  usageText,
  type AnswerFacts,
} from './answer-text.ts';

/** The whole answer of /v1/messages as one object. `extra` stands after Anthropic's own fields. */
export function renderMessage(facts: AnswerFacts, deltas: readonly Delta[], done: Done, extra: Extra = {}): string {
  const { text, toolCalls } = joinDeltas(deltas);
  const blocks = thoughtTexts(facts, deltas);
  if (text !== '') blocks.push(`{"type":"text","text":${JSON.stringify(text)}}`);
  for (const call of toolCalls) blocks.push(toolUseText(call, facts, call.argumentsJson || '{}'));
  const ending = `${stopMembers(done, toolCalls.length > 0)},"container":null,"diagnostics":null,"usage":${usageText(done)}`;
  return messageText(facts, blocks.join(','), ending + extraMembers(extra));
}

/** The thoughts, one block for each that was signed on its own. */
function thoughtTexts({ hidesThinking }: AnswerFacts, deltas: readonly Delta[]): string[] {
  const blocks: string[] = [];
  let thought = '';
  const close = (signature: string): void => {
    const shown = JSON.stringify(hidesThinking ? '' : thought);
    blocks.push(`{"type":"thinking","thinking":${shown},"signature":${JSON.stringify(signature)}}`);
    thought = '';
  };
  for (const delta of deltas) {
    thought += delta.thinking;
    const foreign = foreignOf(delta);
    if (foreign.signature !== undefined) close(signatureOf(foreign));
    if (foreign.redacted_thinking !== undefined) blocks.push(redactedText(foreign.redacted_thinking));
  }
  if (thought !== '') close(signatureOf({}));
  return blocks;
}

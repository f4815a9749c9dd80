import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, joinDeltas, type Extra } from '../answer.ts';
import { arrayText } from '../json/text.ts';
import {
  finishReason,
  headText,
  logprobsText,
  reasoningMembers,
  toolCallText,
  usageText,
  type AnswerFacts,
} from './answer-text.ts';

/** The whole answer of /v1/chat/completions as one object. `extra` stands after OpenAI's own fields. */
export function renderChatCompletion(
  facts: AnswerFacts,
  deltas: readonly Delta[],
  done: Done,
  extra: Extra = {},
): string {
  const answer = joinDeltas(deltas);
  const finish = finishReason(done, answer.toolCalls.length > 0);
  const message = messageText(answer, facts);
  const choice = `{"index":0,"message":${message},"logprobs":${logprobsText(answer) ?? 'null'},"finish_reason":"${finish}"}`;
  const more = extraMembers(extra);
  return `${headText('chat.completion', facts)},"choices":[${choice}],"usage":${usageText(done)}${more}}`;
}

/** OpenAI's content is null where a model said nothing but asked for tools. */
function messageText({ text, thinking, toolCalls }: Delta, facts: AnswerFacts): string {
  const content = text === '' && toolCalls.length > 0 ? 'null' : JSON.stringify(text);
  const reasoning = thinking === '' ? '' : `,${reasoningMembers(thinking)}`;
  const calls = arrayText(toolCalls.map((call) => toolCallText(call, facts)));
  const asked = toolCalls.length === 0 ? '' : `,"tool_calls":${calls}`;
  return `{"role":"assistant","content":${content},"refusal":null${reasoning}${asked}}`;
}

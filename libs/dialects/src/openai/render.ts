import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, joinDeltas, type Extra } from '../answer.ts';
import { byChoice } from '../choices.ts';
import { arrayText } from '../json/text.ts';
import {
  callMembers,
  finishReason,
  headText,
  logprobsText,
  reasoningMembers,
  usageText,
  type AnswerFacts,
} from './answer-text.ts';

/** The whole response of /v1/chat/completions as one object. `extra` stands after OpenAI's own fields. */
export function renderChatCompletion(
  facts: AnswerFacts,
  deltas: readonly Delta[],
  done: Done,
  extra: Extra = {},
): string {
  const choices = byChoice(deltas, facts.choices).map((pieces, index) => {
    const answer = joinDeltas(pieces);
    const reason = facts.choices?.reasonOf(index) ?? done.reason;
    const finish = finishReason(facts, reason, answer.toolCalls.length > 0);
    const logprobs = logprobsText(answer) ?? 'null';
    return `{"index":${index},"message":${messageText(answer, facts)},"logprobs":${logprobs},"finish_reason":"${finish}"}`;
  });
  const more = extraMembers(extra);
  return `${headText('chat.completion', facts)},"choices":${arrayText(choices)},"usage":${usageText(done)}${more}}`;
}

/** OpenAI's content is null where a model said nothing but asked for tools. */
function messageText({ text, thinking, toolCalls }: Delta, facts: AnswerFacts): string {
  const content = text === '' && toolCalls.length > 0 ? 'null' : JSON.stringify(text);
  const reasoning = thinking === '' ? '' : `,${reasoningMembers(thinking)}`;
  const asked = toolCalls.length === 0 ? '' : `,${callMembers(toolCalls, facts)}`;
  return `{"role":"assistant","content":${content},"refusal":null${reasoning}${asked}}`;
}

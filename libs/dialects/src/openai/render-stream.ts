import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, type Extra } from '../answer.ts';
import { arrayText, moreMembers } from '../json/text.ts';
import {
  finishReason,
  headText,
  logprobsText,
  reasoningMembers,
  toolCallText,
  usageText,
  type AnswerFacts,
} from './answer-text.ts';

export interface StreamFacts extends AnswerFacts {
  /** Whether the stream is to end with the counts of tokens. */
  readonly includeUsage: boolean;
}

/** Writes one answer as server-sent events. Each text is whole events, ready to send. */
export interface CompletionStream {
  /** The event that opens the answer: once, before all others. */
  start(): string;
  /** The events for a piece of the answer; empty if it holds nothing that OpenAI has a place for. */
  delta(delta: Delta): string;
  /** The events that end the answer. `extra` stands in the last object. */
  finish(done: Done, extra?: Extra): string;
}

export function chatCompletionStream(facts: StreamFacts): CompletionStream {
  const head = headText('chat.completion.chunk', facts);
  const noUsage = facts.includeUsage ? ',"usage":null' : '';
  let toolCalls = 0;

  const event = (fields: string, logprobs = '', finish = 'null', more = noUsage): string =>
    `data: ${head},"choices":[{"index":0,"delta":{${fields}}${logprobs},"finish_reason":${finish}}]${more}}\n\n`;

  return {
    start: () => event('"role":"assistant","content":""'),
    delta(delta) {
      const { text, thinking } = delta;
      const logprobs = moreMembers([['logprobs', logprobsText(delta)]]);
      const calls = delta.toolCalls.map((call) => toolCallText(call, facts, toolCalls++));
      let events = thinking === '' ? '' : event(reasoningMembers(thinking));
      if (text !== '' || logprobs !== '') events += event(`"content":${JSON.stringify(text)}`, logprobs);
      if (calls.length > 0) events += event(`"tool_calls":${arrayText(calls)}`);
      return events;
    },
    finish(done, extra = {}) {
      const reason = `"${finishReason(done, toolCalls > 0)}"`;
      const last = extraMembers(extra);
      if (!facts.includeUsage) return `${event('', '', reason, last)}data: [DONE]\n\n`;
      const usage = `data: ${head},"choices":[],"usage":${usageText(done)}${last}}\n\n`;
      return `${event('', '', reason)}${usage}data: [DONE]\n\n`;
    },
  };
}

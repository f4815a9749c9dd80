import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Extra } from '../answer.ts';
import { moreMembers } from '../json/text.ts';
import {
  callMembers,
  finishReason,
  headText,
  logprobsText,
  reasoningMembers,
  type AnswerFacts,
} from './answer-text.ts';
import { createChoiceEnds } from './choice-ends.ts';

export interface StreamFacts extends AnswerFacts {
  /** Whether the stream is to end with the counts of tokens. */
  readonly includeUsage: boolean;
}

/** Writes a response as server-sent events. Each text is whole events, ready to send. */
export interface CompletionStream {
  /** The events that open its answers: once, before all others. */
  start(): string;
  /** The events for a piece of an answer; empty if it holds nothing that OpenAI has a place for. */
  delta(delta: Delta): string;
  /** The events that end all answers. `extra` stands in the last object. */
  finish(done: Done, extra?: Extra): string;
}

export function chatCompletionStream(facts: StreamFacts): CompletionStream {
  const { choices, includeUsage } = facts;
  const head = headText('chat.completion.chunk', facts);
  const noUsage = includeUsage ? ',"usage":null' : '';
  /** Of each answer, how many there were so far. */
  const toolCalls = Array.from({ length: choices?.count ?? 1 }, () => 0);

  const event = (choice: number, fields: string, logprobs = '', finish = 'null', more = noUsage): string =>
    `data: ${head},"choices":[{"index":${choice},"delta":{${fields}}${logprobs},"finish_reason":${finish}}]${more}}\n\n`;

  const ends = createChoiceEnds({
    ...{ choices, includeUsage, head },
    write: (choice, reason, more) =>
      event(choice, '', '', `"${finishReason(facts, reason, toolCalls[choice]! > 0)}"`, more),
  });

  return {
    start: () => toolCalls.map((_, choice) => event(choice, '"role":"assistant","content":""')).join(''),
    delta(delta) {
      const { text, thinking } = delta;
      const choice = choices?.of(delta) ?? 0;
      if (choices?.endsWith(delta)) return ends.one(choice);
      const told = toolCalls[choice] ?? 0;
      const logprobs = moreMembers([['logprobs', logprobsText(delta)]]);
      const calls = callMembers(delta.toolCalls, facts, told);
      toolCalls[choice] = told + delta.toolCalls.length;
      let events = thinking === '' ? '' : event(choice, reasoningMembers(thinking));
      if (text !== '' || logprobs !== '') events += event(choice, `"content":${JSON.stringify(text)}`, logprobs);
      if (calls !== '') events += event(choice, calls);
      return events;
    },
    finish: (done, extra = {}) => ends.rest(done, extra),
  };
}

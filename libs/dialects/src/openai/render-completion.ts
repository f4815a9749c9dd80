import type { Delta, Done, Logprob } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, joinDeltas, type Extra } from '../answer.ts';
import { byChoice } from '../choices.ts';
import { arrayText } from '../json/text.ts';
import { finishReason, headText, usageText, type AnswerFacts } from './answer-text.ts';
import { createChoiceEnds } from './choice-ends.ts';
import type { CompletionStream, StreamFacts } from './render-stream.ts';

interface Echoes {
  /** What stands before each answer; none: nothing does. */
  readonly echoes: readonly string[];
}

/** The whole response of /v1/completions as one object. `extra` stands after OpenAI's own fields. */
export function renderCompletion(
  facts: AnswerFacts & Echoes,
  deltas: readonly Delta[],
  done: Done,
  extra: Extra = {},
): string {
  const choices = byChoice(deltas, facts.choices).map((pieces, index) => {
    const { text, logprobs } = joinDeltas(pieces);
    const reason = facts.choices?.reasonOf(index) ?? done.reason;
    const words = (facts.echoes[index] ?? '') + text;
    return choiceText(index, words, logprobsText(logprobs, 0), `"${finishReason(facts, reason, false)}"`);
  });
  const more = extraMembers(extra);
  return `${headText('text_completion', facts)},"choices":${arrayText(choices)},"usage":${usageText(done)}${more}}`;
}

/** Writes a response of /v1/completions as server-sent events. */
export function completionStream(facts: StreamFacts & Echoes): CompletionStream {
  const { choices, echoes, includeUsage } = facts;
  const head = headText('text_completion', facts);
  const noUsage = includeUsage ? ',"usage":null' : '';
  /** Characters of each answer so far. */
  const lengths = Array.from({ length: choices?.count ?? 1 }, () => 0);

  const event = (choice: number, text: string, logprobs = 'null', reason = 'null', more = noUsage): string =>
    `data: ${head},"choices":[${choiceText(choice, text, logprobs, reason)}]${more}}\n\n`;

  const ends = createChoiceEnds({
    ...{ choices, includeUsage, head },
    write: (choice, reason, more) => event(choice, '', 'null', `"${finishReason(facts, reason, false)}"`, more),
  });

  return {
    start: () => echoes.map((echo, choice) => event(choice, echo)).join(''),
    delta(delta) {
      const { text, logprobs } = delta;
      const choice = choices?.of(delta) ?? 0;
      if (choices?.endsWith(delta)) return ends.one(choice);
      if (text === '' && logprobs.length === 0) return '';
      const offset = lengths[choice] ?? 0;
      lengths[choice] = offset + text.length;
      return event(choice, text, logprobsText(logprobs, offset));
    },
    finish: (done, extra = {}) => ends.rest(done, extra),
  };
}

function choiceText(index: number, text: string, logprobs: string, reason: string): string {
  return `{"text":${JSON.stringify(text)},"index":${index},"logprobs":${logprobs},"finish_reason":${reason}}`;
}

/** `offset`: characters of the answer before these tokens. */
function logprobsText(logprobs: readonly Logprob[], offset: number): string {
  if (logprobs.length === 0) return 'null';
  let at = offset;
  const offsets = logprobs.map(({ token }) => {
    const start = at;
    at += token.length;
    return start;
  });
  return JSON.stringify({
    tokens: logprobs.map(({ token }) => token),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map(({ top }) => Object.fromEntries(top.map(({ token, logprob }) => [token, logprob]))),
    text_offset: offsets,
  });
}

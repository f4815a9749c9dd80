import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Clock } from '../ports.ts';

/** What the nodes before have given of an answer that another one goes on with. */
export interface AnswerSoFar {
  readonly text: string;
  /** Tokens that the text was made of, as far as they were told apart. */
  readonly tokens: number;
  /** Whether it is text and nothing else. */
  readonly plain: boolean;
  /** Words that the client gets. */
  add(delta: Delta): void;
  /** The node that gave the last of it is gone. */
  broken(node: string): void;
  /** The end of the last part as the end of the whole. */
  whole(done: Done): Done;
}

export function createAnswerSoFar(clock: Clock): AnswerSoFar {
  let text = '';
  let tokens = 0;
  let plain = true;
  /** When the running part brought its first words. */
  let speaksSince: number | undefined;
  /** Of the parts before: tokens, time, and where each broke off. */
  let earlierTokens = 0;
  let earlierMs = 0;
  const breaks: { from: string; at: number }[] = [];

  return {
    get text() {
      return text;
    },
    get tokens() {
      return tokens;
    },
    get plain() {
      return plain;
    },
    add(delta) {
      speaksSince ??= clock.now();
      plain &&= delta.thinking === '' && delta.toolCalls.length + delta.logprobs.length + delta.embeddings.length === 0;
      if (delta.text === '') return;
      text += delta.text;
      tokens += 1;
    },
    broken(node) {
      earlierTokens = tokens;
      earlierMs += clock.now() - (speaksSince ?? clock.now());
      speaksSince = undefined;
      breaks.push({ from: node, at: text.length });
    },
    whole(done) {
      if (breaks.length === 0) return done;
      const resumed = `"tutti_resumed":${JSON.stringify(breaks)}`;
      return {
        ...done,
        ...(done.usage && { usage: usageOfWhole(done.usage, earlierTokens) }),
        ...(done.timings && { timings: timingsOfWhole(done.timings, earlierMs) }),
        context: [],
        extraJson: withMember(done.extraJson, resumed),
      };
    },
  };
}

/** What the last node read as prompt is in part what the others had generated. The sum is exact, the parts are not. */
function usageOfWhole(usage: NonNullable<Done['usage']>, earlier: number): NonNullable<Done['usage']> {
  const { promptTokens, outputTokens } = usage;
  return {
    ...usage,
    estimated: true,
    ...(promptTokens !== undefined && { promptTokens: Math.max(0, promptTokens - earlier) }),
    ...(outputTokens !== undefined && { outputTokens: outputTokens + earlier }),
  };
}

function timingsOfWhole(timings: NonNullable<Done['timings']>, earlierMs: number): NonNullable<Done['timings']> {
  const { outputMs, totalMs } = timings;
  return {
    ...timings,
    ...(outputMs !== undefined && { outputMs: outputMs + earlierMs }),
    ...(totalMs !== undefined && { totalMs: totalMs + earlierMs }),
  };
}

function withMember(json: string, member: string): string {
  const open = json.trimEnd().slice(0, -1).trimEnd();
  return open === '' || open === '{' ? `{${member}}` : `${open},${member}}`;
}

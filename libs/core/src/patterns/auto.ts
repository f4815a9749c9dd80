import { arrivals } from './arrivals.ts';
import { agreementAmong, contradict } from './auto/agreement.ts';
import { escalate } from './auto/escalate.ts';
import { autoInput, type AutoInput } from './auto/input.ts';
import { ClusterError } from '../error.ts';
import { lastUserText } from './conversation.ts';
import { mostCentral } from './ensemble/similarity.ts';
import { withoutThinking } from './json-in.ts';
import type { Pattern, PatternResult, RunContext } from './pattern.ts';
import type { Answer, Question } from './question.ts';
import type { Note } from './run-event.ts';
import { said } from './said.ts';

/** Tokens without which an answer is none. */
const fewestTokens = 16;

/** A small model answers some times; when it does not agree with itself a larger one does, or several that vote. */
export const auto: Pattern<AutoInput> = {
  name: 'auto',
  parse: autoInput,
  estimate(input) {
    const calls = callsOf(input);
    return { calls, tokens: calls * fewestTokens, models: 1 + input.larger.length };
  },
  simpler: ({ messages, small, maxTokens }) => ({ pattern: 'single', body: { messages, models: [small], maxTokens } }),
  async *run(input, context) {
    const { small, larger, messages } = input;
    const questionOf = (model: string, voice: 'answer' | 'thinking', seed = 1): Question => ({
      ...{ model, messages, voice, seed, label: { role: model === small ? 'sample' : 'larger' } },
      maxTokens: Math.min(input.maxTokens, context.allowance(callsOf(input))),
    });
    if (larger.length === 0) return resultOf('small', await said(context, 'answer', questionOf(small, 'answer')), []);

    const samples = yield* sampled(input, (seed) => questionOf(small, 'thinking', seed), context);
    const texts = samples.map(({ text }) => text);
    const question = lastUserText(messages);
    const { kind, agreement, agree } = agreementAmong(texts, question);
    const own = samples[mostCentral(texts, question)];
    if (own) context.best(resultOf('small', own, samples, agreement));
    yield { kind: 'agreement', model: small, samples: samples.length, answerKind: kind, agreement, agree };
    if (own && agree) return resultOf('small', own, samples, agreement);
    try {
      const { answeredBy, answer, answers } = yield* escalate({ larger, samples, kind, questionOf }, context);
      return resultOf(answeredBy, answer, [...samples, ...answers], agreement);
    } catch (thrown) {
      if (!own) throw thrown;
      context.degraded(`the small model's answer stands: ${ClusterError.from(thrown).message}`);
      return resultOf('small', own, samples, agreement);
    }
  },
};

function callsOf({ samples, larger }: AutoInput): number {
  return larger.length === 0 ? 1 : samples + larger.length;
}

/** What the small model says, until two samples contradict each other. */
async function* sampled(
  { samples }: AutoInput,
  questionOf: (seed: number) => Question,
  context: RunContext,
): AsyncGenerator<Note, readonly Answer[], void> {
  const asked = Array.from({ length: samples }, (_, index) =>
    context.ask(`sample.${index + 1}`, questionOf(index + 1)),
  );
  const answers: Answer[] = [];
  for await (const { index, value } of arrivals(asked)) {
    const text = withoutThinking(value?.text ?? '').trim();
    if (!value || text === '') continue;
    answers.push({ ...value, text });
    yield { kind: 'sample', step: asked[index]!.id, samples: answers.length };
    if (contradict(answers.map((answer) => answer.text))) break;
  }
  for (const { drop } of asked) drop('the samples contradict each other');
  return answers;
}

/** `agreement`: of the small model's samples; undefined: there were none to compare. */
function resultOf(
  answeredBy: 'small' | 'larger' | 'ensemble',
  { text, model, node }: Answer,
  answers: readonly Answer[],
  agreement?: number,
): PatternResult {
  const completions = answers.map((answer) => ({ model: answer.model, node: answer.node, text: answer.text }));
  return {
    text,
    model,
    node,
    answeredBy,
    ...(agreement !== undefined && { agreement: Number(agreement.toFixed(4)) }),
    completions,
  };
}

import { throwIfAborted } from '@tutti/core';
import type { LlamaContextSequence, LlamaGrammarEvaluationState, SequenceEvaluateOptions, Token } from 'node-llama-cpp';
import { detokenizer } from './detokenizer.ts';
import type { Sampling } from './options.ts';
import type { Prompt } from './prompt.ts';
import { stopTexts } from './stop-texts.ts';

interface Decoding {
  readonly prompt: Prompt;
  readonly sampling: Sampling;
  readonly grammar: LlamaGrammarEvaluationState | undefined;
  /** Most tokens to generate; 0 or less: until the model stops or the context is full. */
  readonly numPredict: number;
  readonly signal: AbortSignal;
  /** Gets every token that was generated, the one that ends the answer included. */
  readonly tokens: Token[];
}

/** Why an answer ended. */
export interface Ended {
  readonly reason: 'stop' | 'length';
  /** The caller's stop text, if that was it. */
  readonly stopText?: string;
}

/** Generates the answer to a prompt that `prefill` has read. Yields text, and returns why it ended. */
export async function* decode(sequence: LlamaContextSequence, decoding: Decoding): AsyncGenerator<string, Ended> {
  const { prompt, sampling, numPredict, signal, tokens } = decoding;
  const { model } = sequence;
  const toText = detokenizer(model, prompt.tokens);
  const stops = stopTexts([...prompt.stopTexts, ...sampling.stop]);

  for await (const token of sequence.evaluate(prompt.tokens.slice(-1), evaluateOptions(decoding))) {
    throwIfAborted(signal);
    tokens.push(token);
    if (model.isEogToken(token) || prompt.stopTokens.has(token)) break;
    yield stops.push(toText(token));
    if (stops.found !== undefined) {
      return { reason: 'stop', ...(sampling.stop.includes(stops.found) && { stopText: stops.found }) };
    }
    if (tokens.length === numPredict || sequence.nextTokenIndex >= usableLength(sequence)) {
      yield stops.rest();
      return { reason: 'length' };
    }
  }
  yield stops.rest();
  return { reason: 'stop' };
}

/** Tokens that fit before the library would begin to forget the first ones. */
export function usableLength(sequence: LlamaContextSequence): number {
  return sequence.contextSize - 1;
}

function evaluateOptions({ prompt, sampling, grammar, tokens }: Decoding): SequenceEvaluateOptions {
  const { repeatPenalty, repeatLastN, presencePenalty, frequencyPenalty } = sampling;
  const penalised = repeatLastN !== 0 && (repeatPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0);
  return {
    temperature: sampling.temperature,
    topK: sampling.topK,
    topP: sampling.topP,
    minP: sampling.minP,
    seed: sampling.seed,
    yieldEogToken: true,
    ...(grammar === undefined ? {} : { grammarEvaluationState: grammar }),
    ...(penalised
      ? {
          repeatPenalty: {
            punishTokens: () => latest([...prompt.tokens, ...tokens], repeatLastN),
            penalty: repeatPenalty,
            presencePenalty,
            frequencyPenalty,
          },
        }
      : {}),
  };
}

function latest(tokens: Token[], count: number): Token[] {
  return count < 0 ? tokens : tokens.slice(-count);
}

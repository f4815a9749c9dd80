import { ClusterError, delta, done, type Call, type Chunk, type Clock, type Random } from '@tutti/core';
import type { Token } from 'node-llama-cpp';
import { decode, usableLength, type Ended } from './decode.ts';
import { grammarState } from './grammar.ts';
import { readOptions } from './options.ts';
import { prefill } from './prefill.ts';
import type { Prompt } from './prompt.ts';
import type { ContextWish, Resident } from './resident.ts';
import type { Runtime } from './runtime.ts';
import { thought } from './thought.ts';

/** What it takes to work on a call: a model that is loaded, in one's turn. */
export interface Workplace {
  readonly resident: Resident;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** When work on the call began, and how long loading took. */
  readonly startedAt: number;
  readonly loadMs: number;
}

/**
 * Answers a prompt: deltas, then done. After a templated completion the last chunk carries the tokens of the whole
 * exchange.
 */
export async function* answer(call: Call, prompt: Prompt, place: Workplace): AsyncGenerator<Chunk> {
  const { resident, runtime, clock, signal } = place;
  const numPredict = call.numPredict ?? -1;
  const sampling = readOptions(call.optionsJson, place.random);
  const contextAt = clock.now();
  const sequence = await resident.sequence(contextWish(call, prompt.tokens.length + Math.max(numPredict, 1)));
  const grammar = await grammarState(call.format, sequence.model, runtime);
  refuseTooLong(prompt.tokens.length, usableLength(sequence));

  const promptAt = clock.now();
  const cachedTokens = await prefill(sequence, prompt.tokens, clock, signal);
  const outputAt = clock.now();
  const tokens: Token[] = [];
  const pieces = decode(sequence, { prompt, sampling, grammar, numPredict, signal, tokens });
  const { reason, stopText } = yield* toDeltas(pieces, prompt);
  const endedAt = clock.now();

  yield done({
    reason,
    usage: { promptTokens: prompt.tokens.length, cachedTokens, outputTokens: tokens.length },
    timings: {
      totalMs: endedAt - place.startedAt,
      loadMs: place.loadMs + promptAt - contextAt,
      promptMs: outputAt - promptAt,
      outputMs: endedAt - outputAt,
    },
    context: call.kind.case === 'completion' && !call.kind.value.raw ? [...prompt.tokens, ...tokens] : [],
    extraJson: stopText === undefined ? '' : JSON.stringify({ stop_sequence: stopText }),
  });
}

/** A context that is there already grows only for a call that needs more. */
function contextWish({ numCtx }: Call, expectedTokens: number): ContextWish {
  const { min = 0, preferred = 0 } = numCtx ?? {};
  return { least: Math.max(min, Math.min(preferred, expectedTokens)), preferred };
}

async function* toDeltas(pieces: AsyncGenerator<string, Ended>, prompt: Prompt): AsyncGenerator<Chunk, Ended> {
  const parts = thought(prompt.thoughtTags);
  try {
    for (;;) {
      const next = await pieces.next();
      const said = next.done === true ? parts.rest() : parts.push(next.value);
      if (said.text !== '' || said.thinking !== '') yield delta(said);
      if (next.done === true) return next.value;
    }
  } finally {
    await pieces.return({ reason: 'stop' });
  }
}

function refuseTooLong(promptTokens: number, allowed: number): void {
  if (promptTokens <= allowed) return;
  const numbers = `${promptTokens} tokens where ${allowed} fit`;
  throw new ClusterError(
    'context_length_exceeded',
    `the input length exceeds the context length: ${numbers}; shorten the prompt or ask for a larger num_ctx`,
  );
}

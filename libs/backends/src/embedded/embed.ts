import { ClusterError, delta, done, normalised, throwIfAborted, type Chunk } from '@tutti/core';
import type { Embed } from '@tutti/proto/tutti/agent/v1/call';
import type { LlamaEmbeddingContext, Token } from 'node-llama-cpp';
import type { Workplace } from './answer.ts';

/**
 * Turns each text into a vector, of length 1 unless the model's own is wanted: one delta a text, then done. A text is evaluated whole, so an abort is heard
 * between two texts. Throws `context_length_exceeded` for a text that is too long and may not be cut.
 */
export async function* embed(call: Embed, place: Workplace): AsyncGenerator<Chunk> {
  const { resident, clock, signal } = place;
  const contextAt = clock.now();
  const { embedder, contextLength } = await resident.embedder();
  const promptAt = clock.now();
  let promptTokens = 0;

  for (const [index, input] of call.inputs.entries()) {
    throwIfAborted(signal);
    const tokens = fitted(input, embedder, contextLength - 1, call.truncate ?? true);
    promptTokens += embedder.calculateInputLength(tokens);
    const { vector } = await embedder.getEmbeddingFor(tokens);
    const values = vector.slice(0, call.dimensions);
    yield delta({ embeddings: [{ index, values: call.raw ? values : normalised(values) }] });
  }

  const endedAt = clock.now();
  yield done({
    reason: 'stop',
    usage: { promptTokens },
    timings: {
      totalMs: endedAt - place.startedAt,
      loadMs: place.loadMs + promptAt - contextAt,
      promptMs: endedAt - promptAt,
    },
  });
}

function fitted(input: string, embedder: LlamaEmbeddingContext, allowed: number, truncate: boolean): Token[] {
  const tokens = embedder.model.tokenize(input);
  const length = embedder.calculateInputLength(tokens);
  if (length <= allowed) return tokens;
  if (truncate) return tokens.slice(0, allowed - (length - tokens.length));
  throw new ClusterError(
    'context_length_exceeded',
    `the input length exceeds the context length: ${length} tokens where ${allowed} fit; shorten the text or let it be truncated`,
  );
}

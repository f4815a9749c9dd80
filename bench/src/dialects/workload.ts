import { model, type Work } from '../workload.ts';

const messages = [{ role: 'user', content: 'Seven lanterns sway above the quiet harbour while the night ferry turns' }];

/** One question, asked in both dialects. */
interface Pair {
  readonly name: string;
  /** Ollama's: the one that the backend speaks. */
  readonly native: Work;
  /** OpenAI's: parsed and written by us. */
  readonly translated: Work;
}

export const pairs: readonly Pair[] = [
  pair('whole answers of 8 tokens, 32 clients', { tokens: 8, concurrency: 32, stream: false }),
  pair('streams of 100 tokens, 16 clients', { tokens: 100, concurrency: 16, stream: true }),
];

/** Streams whose first token is timed. */
export const firstTokens = chat({ tokens: 100, concurrency: 64, stream: true });

/** A stream that would go on for long; clients leave it after its first words. */
export const left = chat({ tokens: 100_000, concurrency: 50, stream: true });

/** Sizes of the blobs that are put through, in bytes. */
export const blobSizes = [128, 512, 4_096].map((mebibytes) => mebibytes * 2 ** 20);

interface Shape {
  readonly tokens: number;
  readonly concurrency: number;
  readonly stream: boolean;
}

function pair(name: string, shape: Shape): Pair {
  return { name, native: chat(shape), translated: completion(shape) };
}

function chat({ tokens, concurrency, stream }: Shape): Work {
  const body = JSON.stringify({ model, messages, stream, options: { num_predict: tokens } });
  return { path: '/api/chat', body, concurrency, tokens };
}

function completion({ tokens, concurrency, stream }: Shape): Work {
  const body = JSON.stringify({ model, messages, stream, max_tokens: tokens });
  return { path: '/v1/chat/completions', body, concurrency, tokens, ending: '"finish_reason":"' };
}

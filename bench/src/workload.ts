/** The same requests for every target, one kind for each figure. */
export interface Work {
  readonly path: string;
  readonly body: string;
  readonly concurrency: number;
  /** Tokens of one answer. */
  readonly tokens: number;
  /** What stands in every complete answer; by default Ollama's `"done":true`. */
  readonly ending?: string;
}

/** How long a run takes. */
export interface Effort {
  readonly rounds: number;
  /** Of one kind of work on one target in one round. */
  readonly workMs: number;
  /** The same, before anything counts: code must be compiled, connections be made. */
  readonly warmUpMs: number;
  /** How often the start is measured. */
  readonly starts: number;
}

export const fullEffort: Effort = { rounds: 5, workMs: 1_900, warmUpMs: 1_900, starts: 3 };
export const quickEffort: Effort = { rounds: 2, workMs: 400, warmUpMs: 500, starts: 1 };

export const model = 'bench:latest';

const prompt = 'Seven lanterns sway above the quiet harbour while the night ferry turns for home';

/** Latency is only what the target adds as long as no request waits for another. */
export const oneAtATime = chat({ concurrency: 1, tokens: 8, stream: false });

/** Costs of a request: short answers, so that tokens hardly count. */
export const wholeAnswers = chat({ concurrency: 32, tokens: 8, stream: false });

/** Costs of a token, with its share of what a request costs anyway. */
export const streams = chat({ concurrency: 8, tokens: 256, stream: true });

/** What makes as much garbage as a slow backend lets it. */
export const manyShort = chat({ concurrency: 64, tokens: 1, stream: true });

/** A stream that gives a word now and then and does not end by itself. */
export const openStream = chat({ concurrency: 1_000, tokens: 100_000, stream: true });

export const works: readonly Work[] = [oneAtATime, wholeAnswers, streams];

interface Shape {
  readonly concurrency: number;
  readonly tokens: number;
  readonly stream: boolean;
}

function chat({ concurrency, tokens, stream }: Shape): Work {
  const messages = [{ role: 'user', content: prompt }];
  const body = JSON.stringify({ model, messages, stream, options: { num_predict: tokens } });
  return { path: '/api/chat', body, concurrency, tokens };
}

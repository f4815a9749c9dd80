import type { JsonObject } from './json.ts';
import type { Question } from './question.ts';

/** How a caller wants the models of a run to answer, whatever its pattern would choose. */
export type RunWishes = {
  /** Sampling options in Ollama's names. A seed is counted up, so that samples of one model differ. */
  readonly sampling?: JsonObject;
  /** Tokens of context. */
  readonly numCtx?: number;
  /** As `Call.keepAliveMs`. */
  readonly keepAliveMs?: number;
};

/** Who decides, plans or sums up does it best without chance. */
const deciding: ReadonlySet<string> = new Set(['judge', 'critic', 'coordinator', 'supervisor', 'summary']);

/** The question as the caller wants it asked. */
export function asWished(question: Question, { sampling, numCtx, keepAliveMs }: RunWishes): Question {
  const isSampled = sampling !== undefined && !deciding.has(question.label.role);
  return {
    ...question,
    ...(isSampled && { options: sampledAgain(sampling, question.seed) }),
    ...(numCtx !== undefined && { wishedCtx: numCtx }),
    ...(keepAliveMs !== undefined && { keepAliveMs }),
  };
}

function sampledAgain(sampling: JsonObject, seed = 0): JsonObject {
  return typeof sampling.seed === 'number' ? { ...sampling, seed: sampling.seed + seed } : sampling;
}

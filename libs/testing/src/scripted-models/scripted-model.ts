/** How a scripted model behaves. Shares and chances are 0 to 1. */
export interface ScriptedModel {
  readonly name: string;
  /** Share of the questions that it answers right by itself. */
  readonly accuracy: number;
  /**
   * Of being right, with any model of the same correlation and accuracy, and among its own samples: some of its answers
   * follow how hard a question is for all, and are then the same wrong one. Default: 0.
   */
  readonly correlation?: number;
  /** Words of its answers, about. Default: 40. */
  readonly verbosity?: number;
  /** Chance that it keeps a right and a wrong answer when it is shown others. Default: 0.5. */
  readonly stubbornness?: number | { readonly right: number; readonly wrong: number };
  /** How sure it says that it is. Default: 0.9. */
  readonly confidence?: number;
  /** Share of the pairs of a right and a wrong answer of which it prefers the right one. Default: its accuracy. */
  readonly judgement?: number;
  /** Share of the pairs of which it prefers whichever stands first. Default: 0. */
  readonly positionBias?: number;
  /** Whether it finds that a request takes a plan. Default: false. */
  readonly plans?: boolean;
  /** Share of its calls that fail. Default: 0. */
  readonly failureRate?: number;
  /** Until its first word, on average; a call takes half to one and a half times this. Default: 400. */
  readonly latencyMs?: number;
  /** For each word. Default: 20. */
  readonly tokenMs?: number;
}

/** Chance that the model keeps an answer. */
export function stubbornnessOf({ stubbornness = 0.5 }: ScriptedModel, isRight: boolean): number {
  if (typeof stubbornness === 'number') return stubbornness;
  return isRight ? stubbornness.right : stubbornness.wrong;
}

import { seededRandom } from '@tutti/simulation';

/** A made-up question whose answer only the scripts know. */
export interface SyntheticQuestion {
  readonly id: number;
  readonly text: string;
  readonly answer: string;
  /** What those who are wrong say; the first is what misleads most. Never empty. */
  readonly wrong: readonly string[];
}

interface Options {
  readonly count: number;
  readonly seed: number;
  /** Plausible wrong answers of each. Default: 4. */
  readonly wrongAnswers?: number;
}

const smallest = 1_000;

/** Questions that have a number for an answer, the same for the same seed. */
export function syntheticQuestions({ count, seed, wrongAnswers = 4 }: Options): readonly SyntheticQuestion[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const numbers = new Set<string>();
    while (numbers.size <= wrongAnswers) numbers.add(String(smallest + Math.floor(random() * 9 * smallest)));
    const [answer, ...wrong] = [...numbers];
    const id = index + 1;
    return { id, text: `Ledger ${id} has one open entry. Which amount balances it?`, answer: answer!, wrong };
  });
}

/** Number of the question that a prompt is about; undefined: it is about none of these. */
export function questionIdIn(prompt: string): number | undefined {
  const id = /\bledger (\d+)\b/i.exec(prompt)?.[1];
  return id === undefined ? undefined : Number(id);
}

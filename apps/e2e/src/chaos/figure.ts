/** `sample` is for every test run, `small` for a few minutes, `full` is what is promised. */
export type Size = 'sample' | 'small' | 'full';

export interface Result {
  readonly figure: string;
  readonly claim: string;
  readonly trials: number;
  readonly measured: string;
  readonly bar: string;
  readonly ok: boolean;
}

/** Starts what it needs, hurts it, and stops it. One result for each bar. */
export type Figure = (size: Size, seed: number) => Promise<readonly Result[]>;

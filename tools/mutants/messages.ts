/** What a tester is to do: run these test files in this order, after this file of the copy has changed. */
export interface TestRun {
  /** Relative to the root, as are all paths here. All that the tester knows, when absent. */
  readonly tests?: readonly string[];
  readonly changed?: string;
}

/** What one test file took and what it imports. */
export interface TestFile {
  readonly path: string;
  readonly durationMs: number;
  readonly imports: readonly string[];
}

/** What ended a run early. */
export interface TestFailure {
  /** The name of the test, or what became of the file. */
  readonly by: string;
  /** Whether it was a test that failed. Otherwise its file did not run, for which the machine may be to blame. */
  readonly isTest: boolean;
}

/** What a tester says: that it is ready, that a test has ended, that the run has, with its first failure. */
export type TesterMessage =
  | { readonly type: 'ready' | 'progress' }
  | { readonly type: 'done'; readonly files: readonly TestFile[]; readonly failure?: TestFailure };

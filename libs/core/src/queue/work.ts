interface WorkFacts {
  /** Size of the model; undefined: unknown. */
  readonly sizeBytes: number | undefined;
  /** That are expected. */
  readonly outputTokens: number;
  readonly promptTokens: number;
  /** Of those, in a runner's cache. */
  readonly cachedTokens: number;
}

const usualSizeBytes = 4e9;

/** A prompt token is read so many times faster than an output token is made. */
const promptTokensPerOutput = 20;

/** What a call costs a machine, in gigabytes of model read: a token of a large model costs more than one of a small one. */
export function workOf({ sizeBytes = usualSizeBytes, outputTokens, promptTokens, cachedTokens }: WorkFacts): number {
  const newTokens = Math.max(0, promptTokens - cachedTokens);
  // A call without a prompt, which loads the model, is work too.
  return (sizeBytes / 1e9) * Math.max(1, outputTokens + newTokens / promptTokensPerOutput);
}

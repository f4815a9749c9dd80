/** The value that `part` (0 to 1) of the values do not exceed. NaN if there are none. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}

/** Most failures in so many independent trials that chance leaves possible; more come with a probability under `part`. */
export function mostByChance(trials: number, probability: number, part = 1e-6): number {
  let logTerm = trials * Math.log1p(-probability);
  let below = Math.exp(logTerm);
  let failures = 0;
  while (1 - below > part && failures < trials) {
    logTerm += Math.log((trials - failures) / (failures + 1)) + Math.log(probability / (1 - probability));
    failures++;
    below += Math.exp(logTerm);
  }
  return failures;
}

/** "0 of 1,000 (95 %: at most 0.3 %)": that none was seen says no more. */
export function failuresText(failures: number, trials: number): string {
  const counted = `${failures} of ${trials.toLocaleString('en')}`;
  return failures === 0
    ? `${counted} (95 %: at most ${percent(3 / trials)})`
    : `${counted} (${percent(failures / trials)})`;
}

export function percent(part: number): string {
  return `${Number((part * 100).toPrecision(3))} %`;
}

export function milliseconds(ms: number): string {
  return `${Math.round(ms).toLocaleString('en')} ms`;
}

/** Jain's index: 1 if all get the same, 1/n if one gets all. */
export function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum ** 2 / (values.length * values.reduce((total, value) => total + value ** 2, 0));
}

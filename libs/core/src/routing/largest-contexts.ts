import { createLimitedMap } from './limited-map.ts';

/** The largest context lengths that calls needed in the last ten minutes, by model. */
export interface LargestContexts {
  needed(model: string, tokens: number, now: number): void;
  /** 0: none. */
  largest(model: string, now: number): number;
}

interface Peak {
  /** Minute that it is of. */
  readonly minute: number;
  readonly tokens: number;
}

const windowMinutes = 10;
const mostModels = 2_000;

/** No model takes more; whoever asks for it errs. */
const mostTokens = 2 ** 24;

export function createLargestContexts(): LargestContexts {
  const peaks = createLimitedMap<readonly Peak[]>(mostModels);
  const recent = (model: string, minute: number): readonly Peak[] =>
    (peaks.get(model) ?? []).filter((peak) => peak.minute > minute - windowMinutes);
  return {
    needed(model, tokens, now) {
      if (!(tokens <= mostTokens)) return;
      const minute = minuteOf(now);
      const known = recent(model, minute);
      // An older peak that is lower will never count again.
      if (known.some((peak) => peak.minute === minute && peak.tokens >= tokens)) return;
      peaks.set(model, [...known.filter((peak) => peak.tokens > tokens), { minute, tokens }]);
    },
    largest: (model, now) => recent(model, minuteOf(now)).reduce((most, { tokens }) => Math.max(most, tokens), 0),
  };
}

function minuteOf(now: number): number {
  return Math.floor(now / 60_000);
}

/** Where a text goes on that another node broke off: a model may first say the end of it again. */
export interface Seam {
  /** The next words of the continuation; returns what is known to be new. */
  push(text: string): string;
  /** The continuation is over; returns what was held back and is new. */
  flush(): string;
}

/** What is shorter comes twice by chance, unless it is all that there was. */
const shortestOverlap = 16;
const shortestWhole = 4;

export function createSeam(before: string): Seam {
  let held: string | undefined = before === '' ? undefined : '';

  const flush = (): string => {
    const text = held?.slice(overlap(before, held)) ?? '';
    held = undefined;
    return text;
  };

  return {
    push(text) {
      if (held === undefined) return text;
      held += text;
      // As long as it has all been said before, it may be a repetition.
      return before.includes(held) ? '' : flush();
    },
    flush,
  };
}

/** Characters at the start of `after` that stand at the end of `before`. */
function overlap(before: string, after: string): number {
  for (let length = Math.min(before.length, after.length); length > 0; length--) {
    const repeats = length >= shortestOverlap || (length === before.length && length >= shortestWhole);
    if (repeats && after.startsWith(before.slice(-length))) return length;
  }
  return 0;
}

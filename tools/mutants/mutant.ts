/** One change to one source file: what stood from `start` to `end` and what stands there instead. */
export interface Mutant {
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly line: number;
  /** The text of that line, and where in it the change begins. */
  readonly at: string;
  readonly column: number;
  /** Offsets in characters. */
  readonly start: number;
  readonly end: number;
  readonly original: string;
  readonly replacement: string;
}

/** The source with the change made. */
export function mutated(source: string, { start, end, replacement }: Mutant): string {
  return source.slice(0, start) + replacement + source.slice(end);
}

/** As people read it: the change on one line, cut where it is long. */
export function changeText({ original, replacement }: Pick<Mutant, 'original' | 'replacement'>): string {
  return `${shortened(original)}  ->  ${shortened(replacement) || '(removed)'}`;
}

function shortened(code: string): string {
  const line = code.replaceAll(/\s+/g, ' ').trim();
  return line.length > 80 ? `${line.slice(0, 77)}...` : line;
}

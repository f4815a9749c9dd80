const fence = '"""';

/** Puts together what a person types: a line, or several between triple quotes. */
export interface LineReader {
  /** Whether it waits for the closing quotes. */
  readonly open: boolean;
  /** The whole text once it is complete. */
  push(line: string): string | undefined;
  /** Forgets an open text. */
  reset(): void;
}

export function createLineReader(): LineReader {
  let lines: string[] | undefined;
  return {
    get open() {
      return lines !== undefined;
    },
    reset: () => (lines = undefined),
    push(line) {
      const start = line.indexOf(fence);
      if (lines === undefined && start < 0) return line;
      const text = lines === undefined ? line.slice(0, start) + line.slice(start + fence.length) : line;
      const end = text.indexOf(fence);
      lines = [...(lines ?? []), end < 0 ? text : text.slice(0, end) + text.slice(end + fence.length)];
      if (end < 0) return undefined;
      const whole = lines.join('\n');
      lines = undefined;
      return whole;
    },
  };
}

/** Where a verb says things: what was asked for on stdout, talk on stderr. */
export interface Output {
  /** Whether programs read it: each answer is one line of JSON. */
  readonly json: boolean;
  /** The answer, as text for people or as an object for programs. */
  answer(object: unknown, text: () => string): void;
  /** A piece of an answer that comes in pieces; without `--json` only. */
  piece(text: string): void;
  /** A sentence beside the answer. */
  note(sentence: string): void;
  /** What one would do next: for a person at a terminal only. */
  next(command: string): void;
}

export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function createOutput({ json = false, quiet = false }: OutputOptions): Output {
  const { stdout, stderr } = process;
  const note = (sentence: string): void => {
    if (!quiet) stderr.write(`${sentence}\n`);
  };
  return {
    json,
    note,
    answer(object, text) {
      const line = json ? JSON.stringify(object) : text();
      if (line !== '') stdout.write(`${line}\n`);
    },
    piece(text) {
      if (!json) stdout.write(text);
    },
    next(command) {
      if (stdout.isTTY && !json) note(`Next: ${command}`);
    },
  };
}

import { createInterface } from 'node:readline/promises';

const words = new Map([
  ['yes', true],
  ['y', true],
  ['no', false],
  ['n', false],
]);

/** Asks who sits at the terminal; undefined: the question is over. */
export async function askPerson(question: string, signal: AbortSignal): Promise<boolean | undefined> {
  const { stdin, stderr } = process;
  // Without a terminal of its own, Ctrl-C stays with the verb.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    for (;;) {
      const said = words.get((await lines.question(`${question} yes or no? `, { signal })).trim().toLowerCase());
      if (said !== undefined) return said;
    }
  } catch {
    stderr.write('\n');
    return undefined;
  } finally {
    lines.close();
  }
}

import { readFile, writeFile } from 'node:fs/promises';

const page = new URL('README.md', import.meta.url);
const [begin, end] = ['<!-- results -->', '<!-- /results -->'];

/** Puts it between the marks of the page. */
export async function writeResults(markdown: string): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (from < begin.length || to < from) throw new Error(`tools/mutants/README.md must have ${begin} and ${end}`);
  await writeFile(page, `${text.slice(0, from)}\n\n${markdown}\n\n${text.slice(to)}`);
}

const opening = /^(?:`{3,}|~{3,})/;
const closing = /^(?:`{3,}|~{3,})\s*$/;

const comment = /^(?:\/\/|#(?!include|define|if|else|endif|pragma|!)|--(?=\s)|;;)/;

/** What stands in the fences of a text, without them. */
export function codeBlocks(text: string): readonly string[] {
  const blocks: string[] = [];
  let block: string[] | undefined;
  for (const line of text.split('\n')) {
    if (!block) {
      if (opening.test(line)) block = [];
    } else if (closing.test(line)) {
      blocks.push(block.join('\n'));
      block = undefined;
    } else block.push(line);
  }
  return blocks;
}

/** One text for code that differs in blanks, empty lines, the width of its indentation and comment lines; it is not run. */
export function normalCode(code: string): string {
  const widths: number[] = [];
  const lines: string[] = [];
  for (const line of code.split('\n')) {
    const bare = line.trim().replace(/\s+/g, ' ').replace(/;$/, '');
    if (bare === '' || comment.test(bare)) continue;
    const width = /^\s*/.exec(line)![0].replaceAll('\t', '    ').length;
    while (widths.length > 0 && widths.at(-1)! >= width) widths.pop();
    lines.push(`${' '.repeat(widths.length)}${bare}`);
    widths.push(width);
  }
  return lines.join('\n');
}

import { stripVTControlCharacters } from 'node:util';

const gap = '    ';

/** Columns without borders, for eyes and for grep. */
export function table(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell + ' '.repeat(widths[column]! - widthOf(cell)))
      .join(gap)
      .trimEnd();
  return [headers, ...rows].map(line).join('\n');
}

/** Names and what is said of them, one a line. */
export function facts(pairs: readonly (readonly [name: string, value: string])[], indent = '  '): string {
  const known = pairs.filter(([, value]) => value !== '');
  const width = Math.max(0, ...known.map(([name]) => name.length));
  return known.map(([name, value]) => `${indent}${name.padEnd(width)}${gap}${value}`).join('\n');
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

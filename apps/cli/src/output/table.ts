import { stripVTControlCharacters } from 'node:util';

const gap = '    ';

/** Of a cell that is cut to fit a line. */
const fewestCharacters = 16;

/** Columns without borders, for eyes and for grep. At a terminal, of so many columns, the last cell of a line is cut to fit. */
export function table(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number | undefined = process.stdout.columns,
): string {
  const widths = headers.map((header, column) =>
    Math.max(header.length, ...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + gap.length, 0);
  const room = columns === undefined ? Infinity : Math.max(fewestCharacters, columns - before);
  const line = (cells: readonly string[]): string =>
    [...cells.slice(0, -1), cutTo(room, cells.at(-1) ?? '')]
      .map((cell, column) => cell + ' '.repeat(Math.max(0, widths[column]! - widthOf(cell))))
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

/** A cell with colour is no text that could be cut. */
function cutTo(room: number, cell: string): string {
  return cell.length === widthOf(cell) && cell.length > room ? `${cell.slice(0, room - 1)}…` : cell;
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

/** Rows as aligned text. A column whose body holds numbers is aligned to the right. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const columns = head.map((title, column) => {
    const cells = body.map((row) => row[column] ?? '');
    const width = Math.max(title.length, ...cells.map((cell) => cell.length));
    const isNumeric = cells.length > 0 && cells.every((cell) => /^-?\d/.test(cell));
    return (cell: string): string => (isNumeric ? cell.padStart(width) : cell.padEnd(width));
  });
  return rows
    .map((row) =>
      row
        .map((cell, column) => columns[column]!(cell))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

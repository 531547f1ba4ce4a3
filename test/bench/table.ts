type Cell = string | number;

/** Lines of a table; columns whose body is all numbers stand at the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(String));
  const columns = header.map((title, column) => {
    const cells = texts.map((row) => row[column] ?? '');
    return {
      width: Math.max(title.length, ...cells.map((cell) => cell.length)),
      isNumeric: cells.every((cell) => /^[-+−±<≤≥]?[\d.,\s×%]*$|^[–-]$/u.test(cell)),
    };
  });
  const formatRow = (cells: readonly string[]) =>
    columns
      .map(({ width, isNumeric }, column) => {
        const cell = cells[column] ?? '';
        return isNumeric ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const rule = columns.map(({ width }) => '─'.repeat(width));
  return ['', header, rule, ...texts]
    .map((row) => (row === '' ? '' : `  ${formatRow(row as readonly string[])}`))
    .join('\n');
}

export function percent(value: number): string {
  return `${value.toFixed(2)} %`;
}

/** Where a command prints, and how. */
export interface Output {
  /** One JSON document or line instead of text for people. */
  json: boolean
  write(line: string): void
}

/** Prints a value as JSON, or as what `render` makes of it. */
export function print<T>(output: Output, value: T, render: (value: T) => string): void {
  output.write(output.json ? JSON.stringify(value) : render(value))
}

/** Lines up rows under upper-case headings; the last column is never padded. */
export function table(headings: string[], rows: string[][]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  )
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [line(headings.map((heading) => heading.toUpperCase())), ...rows.map(line)].join('\n')
}

/** Lines up `name  value` pairs, leaving out the empty ones. */
export function details(pairs: [name: string, value: string | undefined][]): string {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== '')
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}

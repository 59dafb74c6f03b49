/** A part of a file that one call takes, with the header line, and the line of the file that its first row stands in. */
export interface CsvPart {
  csv: string
  firstLine: number
}

const MOST_CHARACTERS = 200_000
const MOST_ROWS = 5_000

/**
 * Cuts a CSV file (RFC 4180) into parts for `importCampaignRecipients`, which takes 1 MiB and 10,000 rows a call: between its rows, since
 * line ends inside quotes are part of a value. Each part has the header, and tells where it stands in the file, so that problems name
 * the file's own lines. A file without rows has no parts.
 */
export function splitCsv(text: string): CsvPart[] {
  const lines = rowsOf(text)
  const header = lines.shift()
  if (header === undefined) return []
  const parts: CsvPart[] = []
  let rows: string[] = []
  let size = 0
  let line = 1 + lineCount(header)
  let firstLine = line
  const flush = (): void => {
    if (rows.length > 0) parts.push({ csv: header + rows.join(''), firstLine })
    rows = []
    size = 0
    firstLine = line
  }
  for (const row of lines) {
    if (size + row.length > MOST_CHARACTERS || rows.length >= MOST_ROWS) flush()
    rows.push(row)
    size += row.length
    line += lineCount(row)
  }
  flush()
  return parts
}

/** Rows with their line ends. */
function rowsOf(text: string): string[] {
  const rows: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') quoted = !quoted
    else if (text[at] === '\n' && !quoted) {
      rows.push(text.slice(start, at + 1))
      start = at + 1
    }
  }
  if (start < text.length) rows.push(`${text.slice(start)}\n`)
  return rows
}

function lineCount(row: string): number {
  return row.split('\n').length - 1
}

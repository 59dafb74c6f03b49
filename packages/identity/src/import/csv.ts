/** Says where a text is no CSV. `line` counts from 1. */
export class CsvError extends Error {
  readonly line: number

  constructor(line: number, message: string) {
    super(`Line ${line}: ${message}`)
    this.name = 'CsvError'
    this.line = line
  }
}

/**
 * Records of a CSV as RFC 4180 has it: fields in quotes may hold commas, line ends and doubled quotes. Strict: a quote inside a
 * field that is not quoted, and anything between a closing quote and the next comma, is an error, not a guess. A line end at the end
 * of the text begins no record; one in the middle is a record with one empty field, which is left out.
 *
 * Throws `CsvError`.
 */
export function parseCsv(text: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  const endRecord = () => {
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
  }
  while (at <= text.length) {
    const field = text[at] === '"' ? readQuoted(text, at, line) : readPlain(text, at, line)
    record.push(field.value)
    at = field.end
    line += field.lines
    if (text[at] === ',') {
      at++
      continue
    }
    endRecord()
    if (at >= text.length) break
    at += text[at] === '\r' ? 2 : 1
    line++
    if (at >= text.length) break
  }
  return records
}

interface Field {
  value: string
  /** Where the comma, the line end or the end of the text stands. */
  end: number
  lines: number
}

function readPlain(text: string, start: number, line: number): Field {
  let end = start
  for (; end < text.length; end++) {
    const character = text[end]
    if (character === ',' || character === '\n') break
    if (character === '\r') {
      if (text[end + 1] === '\n') break
      throw new CsvError(line, 'a carriage return that ends no line')
    }
    if (character === '"') throw new CsvError(line, 'a quote in a field that does not begin with one')
  }
  return { value: text.slice(start, end), end, lines: 0 }
}

function readQuoted(text: string, start: number, line: number): Field {
  let value = ''
  let from = start + 1
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) throw new CsvError(line, 'a quote that is not closed')
    value += text.slice(from, quote)
    if (text[quote + 1] !== '"') {
      const end = quote + 1
      const isEnd = end >= text.length || /^(,|\n|\r\n)/.test(text.slice(end, end + 2))
      if (!isEnd) throw new CsvError(line, 'something after a closing quote')
      return { value, end, lines: value.split('\n').length - 1 }
    }
    value += '"'
    from = quote + 2
  }
}

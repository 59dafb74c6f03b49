/** One record of a file: its values, and the line it begins in, from 1 on. */
export interface CsvRecord {
  values: string[]
  line: number
}

/** What is wrong with the file as such, and where: nothing after it can be told apart. */
export class CsvProblem extends Error {
  readonly line: number

  constructor(line: number, what: string) {
    super(what)
    this.line = line
  }
}

/**
 * Reads CSV as RFC 4180 has it, strictly: values between commas, records between line ends (CRLF or LF), values that hold either in
 * quotes, quotes inside doubled. A quote elsewhere, and text after a closing one, are mistakes, since nobody can know what was
 * meant. A byte order mark is passed over, and so are empty lines. Throws `CsvProblem`.
 */
export function* readCsv(text: string): Generator<CsvRecord> {
  let at = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  while (at < text.length) {
    const record: CsvRecord = { values: [], line }
    for (let isOpen = true; isOpen; ) {
      const { value, end, lines } = text[at] === '"' ? readQuoted(text, at, line) : readPlain(text, at, line)
      record.values.push(value)
      line += lines
      isOpen = text[end] === ','
      at = isOpen ? end + 1 : end + (text[end] === '\r' ? 2 : 1)
    }
    line++
    if (record.values.length > 1 || record.values[0] !== '') yield record
  }
}

interface Value {
  value: string
  /** Of what ends it: a comma, a line end, or the end of the text. */
  end: number
  /** Line ends inside. */
  lines: number
}

function readPlain(text: string, at: number, line: number): Value {
  let end = at
  for (; end < text.length; end++) {
    const character = text[end]
    if (character === ',' || isLineEnd(text, end)) break
    if (character === '"') throw new CsvProblem(line, 'a quote inside a value that does not begin with one')
    if (character === '\r') throw new CsvProblem(line, 'a carriage return without a line feed')
  }
  return { value: text.slice(at, end), end, lines: 0 }
}

function readQuoted(text: string, at: number, line: number): Value {
  let from = at + 1
  let value = ''
  for (;;) {
    const quote = text.indexOf('"', from)
    if (quote < 0) throw new CsvProblem(line, 'a quote that is never closed')
    value += text.slice(from, quote)
    if (text[quote + 1] === '"') {
      value += '"'
      from = quote + 2
      continue
    }
    const end = quote + 1
    if (end < text.length && text[end] !== ',' && !isLineEnd(text, end)) {
      throw new CsvProblem(line, 'text after a closing quote')
    }
    return { value, end, lines: value.split('\n').length - 1 }
  }
}

function isLineEnd(text: string, at: number): boolean {
  return text[at] === '\n' || (text[at] === '\r' && text[at + 1] === '\n')
}

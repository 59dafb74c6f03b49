/** One word of an expression. */
export interface Token {
  kind: 'name' | 'number' | 'text' | 'symbol' | 'end'
  /** A text's value; what is written of everything else. */
  value: string
  /** Where it begins, in characters from 1 on. */
  at: number
}

/** What is wrong with an expression, and where. */
export class ExpressionError extends Error {
  constructor(message: string, at: number) {
    super(`${message} at character ${at}`)
  }
}

const WORD =
  /\s*(?:(?<name>[A-Za-z_][A-Za-z0-9_-]*)|(?<number>-?\d+(?:\.\d+)?)|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<symbol>==|!=|<=|>=|[<>()[\].,]))/y

/** Cuts an expression into its words; the last one is `end`. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  const word = new RegExp(WORD)
  while (source.slice(word.lastIndex).trim() !== '') {
    const from = word.lastIndex
    const { groups } = word.exec(source) ?? {}
    if (groups === undefined) {
      const blank = source.slice(from).length - source.slice(from).trimStart().length
      throw new ExpressionError(`"${source.trim()}" is not understood`, from + blank + 1)
    }
    const [kind, value] = Object.entries(groups).find(([, found]) => found !== undefined) as [
      Token['kind'],
      string,
    ]
    const at = word.lastIndex - value.length + 1
    tokens.push({ kind, at, value: kind === 'text' ? unquote(value) : value })
  }
  return [...tokens, { kind: 'end', value: 'the end', at: source.length + 1 }]
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/g, '$1')
}

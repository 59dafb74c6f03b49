import type { Token } from './tokenize.ts'

/** A statement's tokens, read by words: keywords fold to lower case, as unquoted names do. */
export class Words {
  readonly tokens: readonly Token[]

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  get length(): number {
    return this.tokens.length
  }

  /** The word or symbol at a place; quoted names and strings are never taken for keywords. */
  at(index: number): string {
    const token = this.tokens[index]
    return token?.kind === 'word' || token?.kind === 'symbol' ? token.text.toLowerCase() : ''
  }

  /** True when the words stand here, in a row: `is(0, 'create table')`. */
  is(index: number, words: string): boolean {
    return words.split(' ').every((word, offset) => this.at(index + offset) === word)
  }

  /** Where the words first stand at or after `from`, or -1. */
  find(words: string, from = 0): number {
    for (let index = from; index < this.length; index++) if (this.is(index, words)) return index
    return -1
  }

  has(words: string): boolean {
    return this.find(words) >= 0
  }

  /** The name at a place, `schema.table` or `table`, and where the words after it begin. */
  name(index: number): { name: string; next: number } {
    const parts = [identifier(this.tokens[index])]
    let next = index + 1
    while (this.at(next) === '.' && this.tokens[next + 1] !== undefined) {
      parts.push(identifier(this.tokens[next + 1]))
      next += 2
    }
    return { name: parts.join('.'), next }
  }

  /** Behind optional words, such as `if not exists`. */
  skip(index: number, ...optional: string[]): number {
    let next = index
    for (const words of optional) if (this.is(next, words)) next += words.split(' ').length
    return next
  }

  /** The parts between commas that stand in no parentheses, from a place on. */
  split(from: number, to = this.length): Words[] {
    const parts: Words[] = []
    let start = from
    let depth = 0
    for (let index = from; index < to; index++) {
      const word = this.at(index)
      if (word === '(') depth++
      else if (word === ')') depth--
      else if (word === ',' && depth === 0) {
        parts.push(new Words(this.tokens.slice(start, index)))
        start = index + 1
      }
    }
    parts.push(new Words(this.tokens.slice(start, to)))
    return parts
  }

  /** Where the parenthesis that opens at `index` closes; the end when it never does. */
  closing(index: number): number {
    let depth = 0
    for (let at = index; at < this.length; at++) {
      if (this.at(at) === '(') depth++
      else if (this.at(at) === ')' && --depth === 0) return at
    }
    return this.length
  }
}

/** Unquoted names fold to lower case; quoted ones lose their quotes. */
function identifier(token: Token | undefined): string {
  if (token === undefined) return ''
  if (token.kind !== 'quoted') return token.text.toLowerCase()
  return token.text
    .replace(/^[uU]&/, '')
    .slice(1, -1)
    .replaceAll('""', '"')
}

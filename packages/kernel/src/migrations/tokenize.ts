/** One lexical piece of SQL. Every character of the input is in exactly one token, in order. */
export interface Token {
  kind: 'word' | 'quoted' | 'string' | 'number' | 'comment' | 'space' | 'symbol'
  text: string
  /** Offset of the first character. */
  at: number
}

/**
 * Cuts SQL the way PostgreSQL's lexer does (scan.l): nested block comments, dollar quotes, `E''` escapes, doubled
 * quotes, `U&""`. It never throws: an unterminated string or comment runs to the end, as one token.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < sql.length; ) {
    const { kind, end } = readToken(sql, at)
    tokens.push({ kind, text: sql.slice(at, end), at })
    at = end
  }
  return tokens
}

/** One statement without its semicolon, and where it begins. Empty ones are left out. */
export interface Statement {
  text: string
  at: number
  /** Its tokens without space and comments. */
  tokens: Token[]
}

/**
 * The statements of a file. A semicolon inside strings, comments and parentheses does not end one; the body of a
 * `BEGIN ATOMIC` function does not either.
 */
export function splitStatements(sql: string): Statement[] {
  const statements: Statement[] = []
  let tokens: Token[] = []
  let nesting = 0
  let atomic = 0
  const finish = (end: number): void => {
    const first = tokens[0]
    if (first !== undefined)
      statements.push({ text: sql.slice(first.at, end).trimEnd(), at: first.at, tokens })
    tokens = []
    nesting = 0
    atomic = 0
  }
  for (const token of tokenize(sql)) {
    if (token.kind === 'space' || token.kind === 'comment') continue
    if (token.text === ';' && nesting === 0 && atomic === 0) {
      finish(token.at)
      continue
    }
    if (token.text === '(') nesting++
    else if (token.text === ')') nesting = Math.max(0, nesting - 1)
    else if (token.kind === 'word') {
      const word = token.text.toLowerCase()
      const before = tokens.at(-1)?.text.toLowerCase()
      if (word === 'atomic' && before === 'begin') atomic++
      else if (word === 'case' && atomic > 0) atomic++
      else if (word === 'end' && atomic > 0) atomic--
    }
    tokens.push(token)
  }
  finish(sql.length)
  return statements
}

type Read = { kind: Token['kind']; end: number }

function readToken(sql: string, at: number): Read {
  const char = sql.charAt(at)
  const next = sql.charAt(at + 1)
  if (/\s/.test(char)) return { kind: 'space', end: match(/\s+/y, sql, at) }
  if (char === '-' && next === '-') return { kind: 'comment', end: match(/--[^\n]*/y, sql, at) }
  if (char === '/' && next === '*') return { kind: 'comment', end: blockCommentEnd(sql, at) }
  if (char === "'") return { kind: 'string', end: quoteEnd(sql, at + 1, "'", false) }
  if (char === '"') return { kind: 'quoted', end: quoteEnd(sql, at + 1, '"', false) }
  if (/[eE]/.test(char) && next === "'") return { kind: 'string', end: quoteEnd(sql, at + 2, "'", true) }
  if (/[bBxXnN]/.test(char) && next === "'") return { kind: 'string', end: quoteEnd(sql, at + 2, "'", false) }
  if (/[uU]/.test(char) && next === '&') {
    const quote = sql.charAt(at + 2)
    if (quote === "'") return { kind: 'string', end: quoteEnd(sql, at + 3, quote, false) }
    if (quote === '"') return { kind: 'quoted', end: quoteEnd(sql, at + 3, quote, false) }
  }
  if (char === '$') {
    const end = dollarQuoteEnd(sql, at)
    if (end !== undefined) return { kind: 'string', end }
  }
  if (WORD_START.test(char))
    return { kind: 'word', end: match(/[\p{L}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*/uy, sql, at) }
  if (/\d/.test(char)) return { kind: 'number', end: match(/\d[\w.]*/y, sql, at) }
  return { kind: 'symbol', end: at + 1 }
}

const WORD_START = /[\p{L}_\u0080-\uffff]/u

/** Where a sticky pattern's match ends; at least one character on, so that reading always moves. */
function match(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at
  return at + Math.max(1, pattern.exec(sql)?.[0].length ?? 1)
}

function quoteEnd(sql: string, from: number, quote: string, escapes: boolean): number {
  for (let at = from; at < sql.length; at++) {
    const char = sql.charAt(at)
    if (escapes && char === '\\') at++
    else if (char === quote) {
      if (sql.charAt(at + 1) !== quote) return at + 1
      at++
    }
  }
  return sql.length
}

function blockCommentEnd(sql: string, from: number): number {
  let depth = 0
  for (let at = from; at < sql.length; at++) {
    const two = sql.slice(at, at + 2)
    if (two === '/*') {
      depth++
      at++
    } else if (two === '*/') {
      depth--
      at++
      if (depth === 0) return at + 1
    }
  }
  return sql.length
}

function dollarQuoteEnd(sql: string, at: number): number | undefined {
  const open = /\$(?:[\p{L}_\u0080-\uffff][\p{L}\p{N}_\u0080-\uffff]*)?\$/uy
  open.lastIndex = at
  const tag = open.exec(sql)?.[0]
  if (tag === undefined) return
  const close = sql.indexOf(tag, at + tag.length)
  return close < 0 ? sql.length : close + tag.length
}

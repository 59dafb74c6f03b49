import { Words } from './sql-words.ts'
import { type Statement, splitStatements, type Token, tokenize } from './tokenize.ts'

/** What a `DO` block runs: the SQL in it that can be read, and whether there is some that cannot. */
export interface DoBlock {
  readonly statements: readonly Statement[]
  readonly unreadable: boolean
}

/**
 * Reads the PL/pgSQL of `DO $$ … $$`: its own SQL statements, the queries of its loops, and what it gives to EXECUTE when
 * that is one literal, or `format()` of one with `%I` and `%L` only. Text put together in any other way is unreadable, as
 * is a block in another language. Undefined when the statement is no `DO`.
 */
export function readDoBlock(statement: Words): DoBlock | undefined {
  if (statement.at(0) !== 'do') return
  const language = statement.find('language')
  const isForeign = language >= 0 && !/^['"]?plpgsql['"]?$/i.test(statement.tokens[language + 1]?.text ?? '')
  const [body, ...more] = statement.tokens.filter(
    ({ kind }, index) => kind === 'string' && (language < 0 || index !== language + 1),
  )
  if (isForeign || body === undefined || more.length > 0) return { statements: [], unreadable: true }
  const reader: Reader = { statements: [], unreadable: false }
  readBody(unquote(body.text), reader)
  return reader
}

interface Reader {
  statements: Statement[]
  unreadable: boolean
}

/** Words behind which another statement begins at once. */
const OPENERS = ['begin', 'else', 'loop', 'exception']
/** Words that begin a condition or a loop's head, and what ends it. */
const HEADS: Readonly<Record<string, string>> = {
  if: 'then',
  elsif: 'then',
  elseif: 'then',
  when: 'then',
  case: 'then',
  while: 'loop',
  for: 'loop',
  foreach: 'loop',
}

function readBody(body: string, reader: Reader): void {
  const tokens = tokenize(body).filter(({ kind }) => kind !== 'space' && kind !== 'comment')
  const words = new Words(tokens)
  for (let at = 0; at < tokens.length; ) {
    const first = words.at(at)
    if (first === 'declare') {
      const begin = words.find('begin', at) // nothing runs up to there
      at = begin < 0 ? tokens.length : begin
    } else if (first === ';' || OPENERS.includes(first)) {
      at++
    } else if (first === '<' && words.at(at + 1) === '<') {
      at = after(words, at, '>') + 1 // a label: <<name>>
    } else {
      const end = HEADS[first] ?? ';'
      const stop = after(words, at + 1, end)
      const part = tokens.slice(at, [end, ';'].includes(words.at(stop - 1)) ? stop - 1 : stop)
      readPart(end === 'loop' ? behindIn(part) : part, reader)
      at = stop
    }
  }
}

/** The place behind the next such word that stands in no parentheses and no CASE expression, or the end. */
function after(words: Words, from: number, end: string): number {
  let depth = 0
  for (let at = from; at < words.length; at++) {
    const word = words.at(at)
    if (word === end && depth === 0) return at + 1
    if (word === '(' || word === 'case') depth++
    else if (word === ')' || (word === 'end' && depth > 0)) depth--
    // What no PL/pgSQL has inside an expression: the reading was led astray, and goes on from here.
    else if (word === ';') return at + 1
  }
  return words.length
}

/** The query of `FOR row IN query LOOP`. */
function behindIn(tokens: Token[]): Token[] {
  const at = new Words(tokens).find('in')
  return at < 0 ? tokens : tokens.slice(at + 1)
}

function readPart(tokens: Token[], reader: Reader): void {
  const [first] = tokens
  if (first === undefined) return
  const words = new Words(tokens)
  const isAssignment = words.at(1) === ':' || words.at(1) === '='
  if (words.at(0) === 'end' || isAssignment) return
  // Not any EXECUTE: GRANT and CREATE TRIGGER have the word too.
  const execute = words.at(0) === 'execute' ? 0 : words.find('for execute') + 1
  if (execute === 0 && words.at(0) !== 'execute') {
    reader.statements.push({ text: '', at: first.at, tokens })
    return
  }
  const text = executedText(new Words(tokens.slice(execute + 1)))
  if (text === undefined) reader.unreadable = true
  else reader.statements.push(...splitStatements(text))
}

/** What `EXECUTE …` runs, when that can be said; names that come from elsewhere read as `unknown`. */
function executedText(words: Words): string | undefined {
  const endsAt = (index: number): boolean =>
    index >= words.length || ['into', 'using'].includes(words.at(index))
  if (words.tokens[0]?.kind === 'string') {
    return endsAt(1) ? unquote(words.tokens[0].text) : undefined
  }
  if (!words.is(0, 'format (') || words.tokens[2]?.kind !== 'string') return
  if (!endsAt(words.closing(1) + 1) || ![',', ')'].includes(words.at(3))) return
  const template = unquote(words.tokens[2].text)
  if (/%(?:\d+\$)?-?\d*s/.test(template)) return
  return template
    .replace(/%(?:\d+\$)?-?\d*I/g, 'unknown')
    .replace(/%(?:\d+\$)?-?\d*L/g, `'unknown'`)
    .replaceAll('%%', '%')
}

/** The text that a string token stands for. */
function unquote(text: string): string {
  const dollar = /^\$[^$]*\$/.exec(text)?.[0]
  if (dollar !== undefined) return text.slice(dollar.length, -dollar.length)
  const open = text.indexOf("'")
  const inner = text.slice(open + 1, -1).replaceAll("''", "'")
  return /^[eE]/.test(text) ? inner.replace(/\\(.)/gs, (_, char: string) => ESCAPES[char] ?? char) : inner
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

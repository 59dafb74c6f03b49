import { ExpressionError, type Token, tokenize } from './tokens.ts'

/** What an expression is made of. It has no calls, no loops and no effects: its cost is its length. */
export type Expression =
  | { kind: 'value'; value: string | number | boolean | null }
  | { kind: 'path'; path: readonly (string | number)[] }
  | { kind: 'list'; items: readonly Expression[] }
  | { kind: 'not'; operand: Expression }
  | { kind: 'exists'; operand: Expression }
  | { kind: Comparison | 'and' | 'or'; left: Expression; right: Expression }

const COMPARISONS = ['==', '!=', '<', '<=', '>', '>=', 'in', 'contains', 'starts_with'] as const
export type Comparison = (typeof COMPARISONS)[number]

const MAX_CHARACTERS = 2000
const MAX_DEPTH = 30
const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'contains', 'starts_with', 'exists'])
const VALUES: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

/**
 * Reads an expression: paths (`data.items[0].price`), texts, numbers, lists, comparisons, `and`, `or`, `not`, `exists`.
 * Throws ExpressionError with the place of what is wrong.
 *
 * @param roots what a path may begin with.
 */
export function parseExpression(source: string, roots: ReadonlySet<string>): Expression {
  if (source.length > MAX_CHARACTERS) {
    throw new ExpressionError(`An expression has at most ${MAX_CHARACTERS} characters, and is too long`, 1)
  }
  const tokens = tokenize(source)
  let place = 0
  let depth = 0
  const peek = (): Token => tokens[place] as Token
  const take = (): Token => tokens[place++] as Token
  const takes = (value: string): boolean => {
    const { kind, value: found } = peek()
    if (kind === 'text' || found !== value) return false
    place++
    return true
  }
  const need = (value: string): void => {
    if (!takes(value)) throw new ExpressionError(`"${value}" is missing before ${peek().value}`, peek().at)
  }

  function readOr(): Expression {
    if (++depth > MAX_DEPTH) throw new ExpressionError('It is nested too deeply', peek().at)
    let left = readAnd()
    while (takes('or')) left = { kind: 'or', left, right: readAnd() }
    depth--
    return left
  }

  function readAnd(): Expression {
    let left = readNot()
    while (takes('and')) left = { kind: 'and', left, right: readNot() }
    return left
  }

  function readNot(): Expression {
    let negations = 0
    while (takes('not')) negations++
    const operand = readComparison()
    return negations % 2 === 1 ? { kind: 'not', operand } : operand
  }

  function readComparison(): Expression {
    const left = readValue()
    if (takes('exists')) return { kind: 'exists', operand: left }
    const kind = COMPARISONS.find(takes)
    return kind === undefined ? left : { kind, left, right: readValue() }
  }

  function readValue(): Expression {
    if (takes('(')) {
      const inner = readOr()
      need(')')
      return inner
    }
    if (takes('[')) return readList()
    const token = take()
    if (token.kind === 'text') return { kind: 'value', value: token.value }
    if (token.kind === 'number') return { kind: 'value', value: Number(token.value) }
    if (token.kind !== 'name' || WORDS.has(token.value)) {
      throw new ExpressionError(`A value is missing before ${token.value}`, token.at)
    }
    const constant = VALUES.get(token.value)
    return constant === undefined ? readPath(token) : { kind: 'value', value: constant }
  }

  function readList(): Expression {
    const items: Expression[] = []
    while (!takes(']')) {
      if (items.length > 0) need(',')
      items.push(readValue())
    }
    return { kind: 'list', items }
  }

  function readPath(root: Token): Expression {
    if (!roots.has(root.value)) {
      throw new ExpressionError(`"${root.value}" is unknown: begin with ${[...roots].join(', ')};`, root.at)
    }
    const path: (string | number)[] = [root.value]
    for (;;) {
      if (takes('.')) {
        const { kind, value, at } = take()
        if (kind !== 'name') throw new ExpressionError('A name is missing after the dot', at)
        path.push(value)
      } else if (takes('[')) {
        const { kind, value, at } = take()
        if (kind !== 'text' && kind !== 'number') {
          throw new ExpressionError('A number or a text in quotes is missing in the brackets', at)
        }
        path.push(kind === 'number' ? Number(value) : value)
        need(']')
      } else return { kind: 'path', path }
    }
  }

  const expression = readOr()
  if (peek().kind !== 'end') throw new ExpressionError(`"${peek().value}" is not expected`, peek().at)
  return expression
}

/** Every path in an expression. */
export function pathsOf(expression: Expression): (readonly (string | number)[])[] {
  switch (expression.kind) {
    case 'value':
      return []
    case 'path':
      return [expression.path]
    case 'list':
      return expression.items.flatMap(pathsOf)
    case 'not':
    case 'exists':
      return pathsOf(expression.operand)
    default:
      return [...pathsOf(expression.left), ...pathsOf(expression.right)]
  }
}

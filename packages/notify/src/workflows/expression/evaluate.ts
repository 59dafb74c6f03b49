import type { Comparison, Expression } from './expression.ts'

/** What paths lead into: plain JSON. */
export type Scope = Readonly<Record<string, unknown>>

/** The value of an expression. Never throws: a path that leads nowhere is null, and unlike things are not comparable. */
export function evaluate(expression: Expression, scope: Scope): unknown {
  switch (expression.kind) {
    case 'value':
      return expression.value
    case 'path':
      return follow(scope, expression.path)
    case 'list':
      return expression.items.map((item) => evaluate(item, scope))
    case 'not':
      return !holds(expression.operand, scope)
    case 'exists':
      return evaluate(expression.operand, scope) !== null
    case 'and':
      return holds(expression.left, scope) && holds(expression.right, scope)
    case 'or':
      return holds(expression.left, scope) || holds(expression.right, scope)
    default:
      return compare(expression.kind, evaluate(expression.left, scope), evaluate(expression.right, scope))
  }
}

/** Whether an expression holds: false, null, 0, and empty texts and lists do not. */
export function holds(expression: Expression, scope: Scope): boolean {
  const value = evaluate(expression, scope)
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

/** Own fields only: data has no prototype to reach. */
function follow(from: unknown, path: readonly (string | number)[]): unknown {
  let value = from
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null
    value = (value as Record<string | number, unknown>)[name]
  }
  return value ?? null
}

function compare(how: Comparison, left: unknown, right: unknown): boolean {
  switch (how) {
    case '==':
      return equal(left, right)
    case '!=':
      return !equal(left, right)
    case 'in':
      return contains(right, left)
    case 'contains':
      return contains(left, right)
    case 'starts_with':
      return typeof left === 'string' && typeof right === 'string' && left.startsWith(right)
    default:
      return order(how, left, right)
  }
}

function order(how: '<' | '<=' | '>' | '>=', left: unknown, right: unknown): boolean {
  const comparable =
    (typeof left === 'number' && typeof right === 'number') ||
    (typeof left === 'string' && typeof right === 'string')
  if (!comparable) return false
  const [a, b] = [left, right] as [number, number]
  if (how === '<') return a < b
  if (how === '<=') return a <= b
  return how === '>' ? a > b : a >= b
}

function contains(whole: unknown, part: unknown): boolean {
  if (typeof whole === 'string') return typeof part === 'string' && whole.includes(part)
  return Array.isArray(whole) && whole.some((item) => equal(item, part))
}

/** Lists and objects equal nothing: comparing them would hide a mistake. */
function equal(left: unknown, right: unknown): boolean {
  return left === right && (typeof left !== 'object' || left === null)
}

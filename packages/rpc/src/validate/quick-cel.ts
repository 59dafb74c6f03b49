import type { DescMessage } from '@bufbuild/protobuf'
import type { QuickCheck } from './quick-rules.ts'

type Operand = (message: Readonly<Record<string, unknown>>) => unknown

/**
 * A check of a message's CEL expression, for the small part of CEL that most of them are written in: comparisons between
 * plain fields of the message and literals of the same type, with `&&`, `||`, `!` and parentheses. Undefined for anything
 * else, which protovalidate evaluates.
 */
export function quickCel(expression: string, message: DescMessage): QuickCheck | undefined {
  const tokens = expression.match(TOKEN)
  if (tokens === null || tokens.join('') !== expression.replace(/\s+(?=(?:[^'"]|'[^']*'|"[^"]*")*$)/g, ''))
    return
  const parser = new Parser(tokens, message)
  try {
    const parsed = parser.parse()
    return (value) => parsed(value as Readonly<Record<string, unknown>>) === true
  } catch (error) {
    if (error instanceof Unsupported) return
    throw error
  }
}

const TOKEN = /'[^'\\]*'|"[^"\\]*"|this\.[a-z_][a-z0-9_]*|true|false|-?\d+|&&|\|\||==|!=|<=|>=|[<>!()]/g

class Unsupported extends Error {}

type Type = 'string' | 'int' | 'bool'

interface Typed {
  type: Type
  value: Operand
}

class Parser {
  readonly #tokens: readonly string[]
  readonly #message: DescMessage
  #at = 0

  constructor(tokens: readonly string[], message: DescMessage) {
    this.#tokens = tokens
    this.#message = message
  }

  parse(): Operand {
    const whole = this.#readOr()
    if (this.#at < this.#tokens.length || whole.type !== 'bool') throw new Unsupported()
    return whole.value
  }

  #readOr(): Typed {
    let left = this.#readAnd()
    while (this.#take('||')) {
      const [a, b] = [left, this.#readAnd()]
      requireType('bool', a, b)
      left = { type: 'bool', value: (message) => a.value(message) || b.value(message) }
    }
    return left
  }

  #readAnd(): Typed {
    let left = this.#readComparison()
    while (this.#take('&&')) {
      const [a, b] = [left, this.#readComparison()]
      requireType('bool', a, b)
      left = { type: 'bool', value: (message) => a.value(message) && b.value(message) }
    }
    return left
  }

  #readComparison(): Typed {
    const a = this.#readOperand()
    const operator = ['==', '!=', '<=', '>=', '<', '>'].find((candidate) => this.#take(candidate))
    if (operator === undefined) return a
    const b = this.#readOperand()
    requireType(a.type, b)
    // Text and booleans are ordered otherwise in CEL than here, or not at all.
    if (a.type !== 'int' && operator !== '==' && operator !== '!=') throw new Unsupported()
    return { type: 'bool', value: comparison(operator, a.value, b.value) }
  }

  #readOperand(): Typed {
    if (this.#take('!')) {
      const a = this.#readOperand()
      requireType('bool', a)
      return { type: 'bool', value: (message) => !a.value(message) }
    }
    if (this.#take('(')) {
      const inner = this.#readOr()
      if (!this.#take(')')) throw new Unsupported()
      return inner
    }
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw new Unsupported()
    if (token === 'true' || token === 'false') return { type: 'bool', value: () => token === 'true' }
    if (/^-?\d/.test(token)) {
      const number = Number(token)
      if (!Number.isSafeInteger(number)) throw new Unsupported()
      return { type: 'int', value: () => number }
    }
    if (token.startsWith("'") || token.startsWith('"'))
      return { type: 'string', value: () => token.slice(1, -1) }
    if (token.startsWith('this.')) return this.#readField(token.slice('this.'.length))
    throw new Unsupported()
  }

  /** Plain fields with implicit presence only: they always have a value, and it is the value of the property. */
  #readField(name: string): Typed {
    const field = this.#message.fields.find((candidate) => candidate.name === name)
    if (field?.fieldKind !== 'scalar' || field.oneof !== undefined || field.presence !== IMPLICIT)
      throw new Unsupported()
    const { localName } = field
    const type = TYPES[field.scalar]
    if (type === undefined) throw new Unsupported()
    return { type, value: (message) => message[localName] }
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at++
    return true
  }
}

/** google.protobuf.FeatureSet.FieldPresence.IMPLICIT */
const IMPLICIT = 2
/** By ScalarType: STRING, BOOL, and the signed 32-bit types, whose values compare as CEL's 64-bit ones do. */
const TYPES: Readonly<Record<number, Type>> = { 9: 'string', 8: 'bool', 5: 'int', 15: 'int', 17: 'int' }

function requireType(type: Type, ...operands: readonly Typed[]): void {
  if (operands.some((operand) => operand.type !== type)) throw new Unsupported()
}

function comparison(operator: string, a: Operand, b: Operand): Operand {
  switch (operator) {
    case '==':
      return (message) => a(message) === b(message)
    case '!=':
      return (message) => a(message) !== b(message)
    case '<':
      return (message) => (a(message) as number) < (b(message) as number)
    case '<=':
      return (message) => (a(message) as number) <= (b(message) as number)
    case '>':
      return (message) => (a(message) as number) > (b(message) as number)
    default:
      return (message) => (a(message) as number) >= (b(message) as number)
  }
}

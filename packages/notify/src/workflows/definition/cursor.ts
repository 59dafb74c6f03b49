import type { Path, Problem } from './definition.ts'
import { parseDuration } from './durations.ts'

/** A place in a definition that is being read. What is wrong is written down, and reading goes on. */
export interface Cursor {
  readonly value: unknown
  readonly path: Path
  /** Whether there is anything. */
  readonly isSet: boolean
  fail(description: string): undefined
  at(name: string | number): Cursor
  /** The fields of an object of which only these may be there; undefined: it is none. */
  fields(allowed: readonly string[]): Readonly<Record<string, unknown>> | undefined
  /** The elements of a list; empty: it is none, or has none. */
  items(): Cursor[]
  text(limits?: { max?: number; pattern?: RegExp; says?: string }): string | undefined
  choice<const T extends string>(values: readonly T[]): T | undefined
  /** Like `15m`, in milliseconds. */
  duration(limits: { min: number; max: number; says: string }): number | undefined
}

export function createCursor(value: unknown, path: Path, problems: Problem[]): Cursor {
  const fail = (description: string): undefined => {
    problems.push({ path, description })
  }
  const cursor: Cursor = {
    value,
    path,
    isSet: value !== undefined && value !== null,
    fail,
    at(name) {
      const inside =
        typeof value === 'object' && value !== null && Object.hasOwn(value, name)
          ? (value as Record<string | number, unknown>)[name]
          : undefined
      return createCursor(inside, [...path, name], problems)
    },
    fields(allowed) {
      if (!isRecord(value)) return fail(`must be an object with ${list(allowed)}`)
      for (const name of Object.keys(value)) {
        if (allowed.includes(name)) continue
        problems.push({ path: [...path, name], description: `is unknown here: ${list(allowed)} may be set` })
      }
      return value
    },
    items() {
      if (!Array.isArray(value)) {
        fail('must be a list')
        return []
      }
      return value.map((_, index) => cursor.at(index))
    },
    text({ max = 500, pattern, says = '' } = {}) {
      if (typeof value !== 'string' || value === '') return fail(says || 'must be a text')
      if (value.length > max) return fail(`must have at most ${max} characters`)
      if (value.includes('\0')) return fail('must not hold the character U+0000')
      if (pattern !== undefined && !pattern.test(value)) return fail(says)
      return value
    },
    choice(values) {
      const chosen = values.find((one) => one === value)
      return chosen ?? fail(`must be ${list(values, 'or')}`)
    },
    duration({ min, max, says }) {
      const ms = typeof value === 'string' ? parseDuration(value) : undefined
      return ms !== undefined && ms >= min && ms <= max ? ms : fail(says)
    },
  }
  return cursor
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function list(words: readonly string[], conjunction = 'and'): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1)}`
}

import type { FieldViolation } from '@mainstay/kernel'
import { entryPath, memberPath } from '../json-path.ts'

/** One step towards a value: a member's name, an item's index, or a map's key. */
export type Step = string | number | MapKey

/** A map's key, told apart from a member's name because a path writes it differently. */
export class MapKey {
  readonly key: string
  constructor(key: string) {
    this.key = key
  }
}

/** No request is told more than this many things at once: a hostile one could hold a million. */
export const MAX_VIOLATIONS = 50

/** What a decoder found wrong, and where it is. Paths are put together only when something is wrong. */
export class DecodeState {
  readonly violations: FieldViolation[] = []
  /** Members of objects seen so far; compared with the number written in the text, it gives away duplicate keys. */
  members = 0
  readonly #steps: Step[] = []

  enter(step: Step): void {
    this.#steps.push(step)
  }

  leave(): void {
    this.#steps.pop()
  }

  unknown(name: string): void {
    this.#add(name, `There is no such field.`, 'rpc.field_unknown')
  }

  invalid(step: Step, description: string): undefined {
    this.#add(step, description, 'rpc.field_invalid')
  }

  #add(step: Step, description: string, reason: string): void {
    if (this.violations.length >= MAX_VIOLATIONS) return
    let path = ''
    for (const each of this.#steps) path = extend(path, each)
    this.violations.push({ field: extend(path, step), description, reason })
  }
}

function extend(path: string, step: Step): string {
  if (typeof step === 'number') return `${path}[${step}]`
  if (typeof step === 'string') return step === '' ? path : memberPath(path, shorten(step))
  return entryPath(path, step.key)
}

/** An unknown member's name is the caller's own text, of any length. */
function shorten(name: string): string {
  return name.length > 64 ? `${name.slice(0, 64)}…` : name
}

/** What a JSON value is, for a sentence: `a string`, `a list`. Never the value itself, which may be personal. */
export function kindOf(json: unknown): string {
  if (json === null) return 'null'
  if (Array.isArray(json)) return 'a list'
  switch (typeof json) {
    case 'string':
      return json === '' ? 'an empty string' : 'a string'
    case 'number':
      return Number.isInteger(json) ? 'a whole number' : 'a number'
    case 'boolean':
      return String(json)
    default:
      return 'an object'
  }
}

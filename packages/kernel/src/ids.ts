import { randomFillSync } from 'node:crypto'
import { type Clock, systemClock } from './clock.ts'

/**
 * A UUIDv7 (RFC 9562 §5.7), strictly increasing within this process for one clock: a 12-bit counter, seeded
 * randomly below 2,048 each millisecond, sits in rand_a (§6.2 method 1); when it is used up the stamp runs one
 * millisecond ahead. A clock that steps back keeps the last stamp.
 */
export function newId(clock: Clock = systemClock): string {
  const state = stateOf(clock)
  const nowMs = clock.nowMs()
  if (nowMs > state.stampMs) {
    state.stampMs = nowMs
    state.counter = takeRandom(2).readUInt16BE(0) & 0x7ff
  } else if (++state.counter > 0xfff) {
    state.stampMs += 1
    state.counter = takeRandom(2).readUInt16BE(0) & 0x7ff
  }
  const stamp = state.stampMs.toString(16).padStart(12, '0')
  const counter = state.counter.toString(16).padStart(3, '0')
  const random = takeRandom(8)
  random[0] = ((random[0] ?? 0) & 0x3f) | 0x80
  const tail = random.toString('hex')
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${counter}-${tail.slice(0, 4)}-${tail.slice(4)}`
}

/** When a UUIDv7 was made, in milliseconds since 1970. */
export function idTimeMs(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16)
}

/** The smallest UUIDv7 of a millisecond: the bound for "made at or after" queries and partitions. */
export function minIdAt(timeMs: number): string {
  const stamp = timeMs.toString(16).padStart(12, '0')
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7000-8000-000000000000`
}

/** True for the 36-character lowercase or uppercase text of any UUID. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/**
 * The public form of an id: `msg_01h455vb4pex5vsknk084sn02q` (TypeID specification 0.3).
 * Throws TypeError when the uuid is malformed; the prefix is the program's own and must match the specification.
 */
export function toTypeId(prefix: string, uuid: string): string {
  if (!PREFIX.test(prefix)) throw new TypeError(`"${prefix}" cannot be the prefix of a TypeID`)
  if (!UUID.test(uuid)) throw new TypeError('A TypeID is made from a UUID')
  return `${prefix}_${encodeBase32(Buffer.from(uuid.replaceAll('-', ''), 'hex'))}`
}

/** The uuid inside a TypeID, or undefined when the text is not one with exactly this prefix. */
export function fromTypeId(prefix: string, text: string): string | undefined {
  if (text.length !== prefix.length + 27 || !text.startsWith(prefix) || text[prefix.length] !== '_') return
  const hex = decodeBase32(text.slice(prefix.length + 1))?.toString('hex')
  if (hex === undefined) return
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const PREFIX = /^[a-z]([a-z_]{0,61}[a-z])?$/
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const VALUES = new Int8Array(128).fill(-1)
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value

/** 128 bits as 26 characters of 5 bits, the first of which carries only 3. */
function encodeBase32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 2
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    held += 8
    while (held >= 5) {
      held -= 5
      text += ALPHABET[(bits >>> held) & 31]
    }
    bits &= (1 << held) - 1
  }
  return text
}

function decodeBase32(text: string): Buffer | undefined {
  if (text.charCodeAt(0) > 0x37) return
  const bytes = Buffer.allocUnsafe(16)
  let bits = 0
  let held = -2
  let at = 0
  for (let index = 0; index < text.length; index++) {
    const value = VALUES[text.charCodeAt(index)] ?? -1
    if (value < 0) return
    bits = (bits << 5) | value
    held += 5
    if (held >= 8) {
      held -= 8
      bytes[at++] = bits >>> held
      bits &= (1 << held) - 1
    }
  }
  return bytes
}

interface IdState {
  stampMs: number
  counter: number
}

const systemState: IdState = { stampMs: 0, counter: 0 }
const otherStates = new WeakMap<Clock, IdState>()

/** Each clock counts for itself, so that a fake clock in the past is not dragged to the present. */
function stateOf(clock: Clock): IdState {
  if (clock === systemClock) return systemState
  let state = otherStates.get(clock)
  if (state === undefined) {
    state = { stampMs: 0, counter: 0 }
    otherStates.set(clock, state)
  }
  return state
}

const pool = Buffer.alloc(4096)
let poolUsed = pool.length

/** Random bytes from a pool: one system call serves 400 ids. The slice is the caller's to change. */
function takeRandom(size: number): Buffer {
  if (poolUsed + size > pool.length) {
    randomFillSync(pool)
    poolUsed = 0
  }
  const slice = pool.subarray(poolUsed, poolUsed + size)
  poolUsed += size
  return slice
}

/**
 * Array parameters in PostgreSQL's binary format (array_recv in arrayfuncs.c), one array a column.
 *
 * The driver's own text arrays are escaped element by element here and parsed again there. Measured on batches of 500
 * rows with 20 columns: text arrays 70 µs of CPU a row (both sides), one JSON document 69 µs, this 55 µs.
 */

type Nullable<T> = T | null

const OID = { bool: 16, bytea: 17, int2: 21, int4: 23, text: 25, timestamptz: 1184, uuid: 2950 } as const

/** Milliseconds from 1970 to PostgreSQL's epoch, 2000-01-01. */
const EPOCH_MS = 946_684_800_000

export function uuidColumn(values: readonly Nullable<string>[]): Buffer {
  return fixedColumn(OID.uuid, 16, values, writeUuid)
}

export function smallintColumn(values: readonly Nullable<number>[]): Buffer {
  return fixedColumn(OID.int2, 2, values, (value, target, at) => target.writeInt16BE(value, at))
}

export function integerColumn(values: readonly Nullable<number>[]): Buffer {
  return fixedColumn(OID.int4, 4, values, (value, target, at) => target.writeInt32BE(value, at))
}

export function booleanColumn(values: readonly Nullable<boolean>[]): Buffer {
  return fixedColumn(OID.bool, 1, values, (value, target, at) => target.writeUInt8(value ? 1 : 0, at))
}

/** Milliseconds since 1970, as timestamptz. */
export function timeColumn(values: readonly Nullable<number>[]): Buffer {
  return fixedColumn(OID.timestamptz, 8, values, (value, target, at) => {
    const us = Math.round((value - EPOCH_MS) * 1000)
    const high = Math.floor(us / 2 ** 32)
    target.writeInt32BE(high, at)
    target.writeUInt32BE(us - high * 2 ** 32, at + 4)
  })
}

export function bytesColumn(values: readonly Nullable<Uint8Array>[]): Buffer {
  let size = 0
  for (const value of values) size += value?.length ?? 0
  const target = start(OID.bytea, values.length, size)
  let at = HEADER
  for (const value of values) {
    at = target.writeInt32BE(value?.length ?? -1, at)
    if (value === null) continue
    target.set(value, at)
    at += value.length
  }
  return target
}

export function textColumn(values: readonly Nullable<string>[]): Buffer {
  let size = 0
  for (const value of values) size += value === null ? 0 : maxBytes(value)
  const target = start(OID.text, values.length, size)
  let at = HEADER
  for (const value of values) {
    if (value === null) {
      at = target.writeInt32BE(-1, at)
      continue
    }
    const length = writeText(value, target, at + 4)
    target.writeInt32BE(length, at)
    at += 4 + length
  }
  return target.subarray(0, at)
}

/**
 * Up to this length a text is written here, character by character: leaving JavaScript costs 0.1 µs a call, and a row has a
 * dozen short texts.
 */
const SHORT = 48

/** What room a text gets: for short ones what they might take at the most, for others what they do. */
function maxBytes(text: string): number {
  return text.length <= SHORT ? text.length * 3 : Buffer.byteLength(text)
}

/** Writes a text as UTF-8. @returns its bytes */
function writeText(text: string, target: Buffer, at: number): number {
  if (text.length > SHORT) return target.write(text, at)
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return target.write(text, at)
    target[at + index] = code
  }
  return text.length
}

/** The value of each hexadecimal digit by its character code. */
const DIGITS = new Uint8Array(128)
for (let value = 0; value < 16; value++) {
  DIGITS[value.toString(16).charCodeAt(0)] = value
  DIGITS[value.toString(16).toUpperCase().charCodeAt(0)] = value
}

function writeUuid(uuid: string, target: Buffer, at: number): void {
  let place = at
  for (let index = 0; index < 36; index += 2) {
    if (index === 8 || index === 13 || index === 18 || index === 23) index++
    const high = DIGITS[uuid.charCodeAt(index)] as number
    target[place++] = (high << 4) | (DIGITS[uuid.charCodeAt(index + 1)] as number)
  }
}

/** Dimensions, the flag that nulls may follow, the element's type, and the one dimension's length and lower bound. */
const HEADER = 20

function start(oid: number, count: number, contentBytes: number): Buffer {
  const target = Buffer.allocUnsafe(HEADER + count * 4 + contentBytes)
  target.writeInt32BE(1, 0)
  target.writeInt32BE(1, 4)
  target.writeInt32BE(oid, 8)
  target.writeInt32BE(count, 12)
  target.writeInt32BE(1, 16)
  return target
}

function fixedColumn<T>(
  oid: number,
  width: number,
  values: readonly Nullable<T>[],
  write: (value: T, target: Buffer, at: number) => void,
): Buffer {
  const target = start(oid, values.length, values.length * width)
  let at = HEADER
  for (const value of values) {
    if (value === null) {
      at = target.writeInt32BE(-1, at)
      continue
    }
    at = target.writeInt32BE(width, at)
    write(value, target, at)
    at += width
  }
  return target.subarray(0, at)
}

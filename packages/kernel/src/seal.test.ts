import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createSealer, SealError } from './seal.ts'

const sealer = createSealer(randomBytes(32))
const isDamaged = (error: unknown): boolean => error instanceof SealError && error.kind === 'damaged'

test('what was sealed opens to the same bytes', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.uint8Array({ maxLength: 300 }), (purpose, rowId, plaintext) => {
      const sealed = sealer.seal(purpose, rowId, plaintext)
      assert.deepEqual(sealer.open(purpose, rowId, sealed), Buffer.from(plaintext))
    }),
  )
})

test('sealing the same text twice gives different bytes, and neither holds the text', () => {
  const first = sealer.seal('p', 'row', 'hunter2-hunter2')
  const second = sealer.seal('p', 'row', 'hunter2-hunter2')
  assert.notDeepEqual(first, second)
  assert.equal(first.includes('hunter2'), false)
})

test('a change of any single bit is refused', () => {
  const sealed = sealer.seal('provider', 'row-1', 'secret')
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Buffer.from(sealed)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    assert.throws(() => sealer.open('provider', 'row-1', changed), SealError)
  }
})

test('a value cut at any length is refused', () => {
  const sealed = sealer.seal('provider', 'row-1', 'secret')
  for (let length = 0; length < sealed.length; length++) {
    assert.throws(() => sealer.open('provider', 'row-1', sealed.subarray(0, length)), isDamaged)
  }
})

test('a value moved to another row or purpose is refused', () => {
  const sealed = sealer.seal('provider', 'row-1', 'secret')
  assert.throws(() => sealer.open('provider', 'row-2', sealed), isDamaged)
  assert.throws(() => sealer.open('webhook', 'row-1', sealed), isDamaged)
})

test('purpose and row id cannot run together into another pair', () => {
  const sealed = sealer.seal('ab', 'c', 'secret')
  assert.throws(() => sealer.open('a', 'bc', sealed), isDamaged)
})

test('a value of another master key says so', () => {
  const sealed = createSealer(randomBytes(32)).seal('p', 'row', 'secret')
  assert.throws(
    () => sealer.open('p', 'row', sealed),
    (error) => error instanceof SealError && error.kind === 'wrong_key',
  )
})

test('derived keys are stable per label, differ between labels, and differ from the master key', () => {
  const masterKey = randomBytes(32)
  const one = createSealer(masterKey)
  assert.deepEqual(one.deriveKey('page-tokens'), createSealer(masterKey).deriveKey('page-tokens'))
  assert.notDeepEqual(one.deriveKey('page-tokens'), one.deriveKey('sessions'))
  assert.notDeepEqual(one.deriveKey(''), masterKey)
  assert.equal(one.deriveKey('x').length, 32)
})

test('a key of the wrong length or all zeros is refused', () => {
  assert.throws(() => createSealer(randomBytes(16)), /exactly 32 bytes/)
  assert.throws(() => createSealer(Buffer.alloc(32)), /all zeros/)
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, type DescMessage, equals, fromBinary, toBinary } from '@bufbuild/protobuf'
import { StructSchema, TimestampSchema } from '@bufbuild/protobuf/wkt'
import fc from 'fast-check'
import { arbitraryMessage } from '../../testing/arbitrary-message.ts'
import { messageTypes } from '../../testing/contract-types.ts'
import { canonicalEncoder } from './encode.ts'

const runsFor = (type: DescMessage): number =>
  (type.name === 'Everything' ? 150 : 10) * Number(process.env.RUNS ?? 1)

describe('canonical text', () => {
  test('is the same after a way over the wire, with the members in another order', () => {
    for (const type of messageTypes) {
      fc.assert(
        fc.property(arbitraryMessage(type), (message) => {
          const other = reversed(fromBinary(type, toBinary(type, message)))
          assert.equal(canonicalEncoder(type)(other), canonicalEncoder(type)(message))
        }),
        { numRuns: runsFor(type) },
      )
    }
  })

  test('differs for messages that differ', () => {
    for (const type of messageTypes) {
      fc.assert(
        fc.property(arbitraryMessage(type), arbitraryMessage(type), (one, other) => {
          const same = canonicalEncoder(type)(one) === canonicalEncoder(type)(other)
          assert.equal(same, equals(type, one, other))
        }),
        { numRuns: runsFor(type) },
      )
    }
  })

  test('is there for what JSON has no form for', () => {
    const late = create(TimestampSchema, { seconds: 10n ** 15n, nanos: -1 })
    assert.equal(canonicalEncoder(TimestampSchema)(late), '1000000000000000,-1')
    const wild = create(StructSchema, {
      fields: { n: { kind: { case: 'numberValue', value: Number.NaN } }, e: { kind: { case: undefined } } },
    })
    assert.equal(canonicalEncoder(StructSchema)(wild), '{"e":null,"n":NaN}')
  })
})

/** The same value with the members of every object written in the opposite order. */
function reversed<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(reversed) as T
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, one]) => [name, reversed(one)]),
  ) as T
}

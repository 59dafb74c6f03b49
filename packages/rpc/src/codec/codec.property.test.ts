import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type DescMessage, fromJson, type JsonValue, type Message, toJson } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { arbitraryJson } from '../../testing/arbitrary-json.ts'
import { arbitraryMessage } from '../../testing/arbitrary-message.ts'
import { messageTypes } from '../../testing/contract-types.ts'
import { messageDecoder } from './decode.ts'
import { DecodeState } from './decode-state.ts'
import { messageEncoder } from './encode.ts'

/** Small types need few tries; the one with everything gets more. */
const runsFor = (type: DescMessage): number =>
  (type.name === 'Everything' ? 150 : 10) * Number(process.env.RUNS ?? 1)

describe('held against protobuf-es, for every message type of the contracts', () => {
  test('the encoder writes what toJson writes', () => {
    for (const type of messageTypes) {
      fc.assert(
        fc.property(arbitraryMessage(type), (message) => {
          assert.deepEqual(
            JSON.parse(messageEncoder(type)(message)),
            JSON.parse(JSON.stringify(toJson(type, message))),
          )
        }),
        { numRuns: runsFor(type) },
      )
    }
  })

  test('the decoder reads back what toJson wrote, to the message that fromJson makes', () => {
    for (const type of messageTypes) {
      fc.assert(
        fc.property(arbitraryMessage(type), (message) => {
          const json = JSON.parse(JSON.stringify(toJson(type, message))) as JsonValue
          const state = new DecodeState()
          const decoded = messageDecoder(type).decode(json, state, '')
          assert.deepEqual(state.violations, [])
          assert.deepEqual(decoded, fromJson(type, json))
        }),
        { numRuns: runsFor(type) },
      )
    }
  })

  test('of any JSON, the decoder accepts only what fromJson accepts, and makes the same of it', () => {
    let accepted = 0
    let refused = 0
    for (const type of messageTypes) {
      fc.assert(
        fc.property(arbitraryJson(type), (json) => {
          const state = new DecodeState()
          const decoded = messageDecoder(type).decode(json, state, '')
          const expected = tryFromJson(type, json)
          if (state.violations.length > 0) {
            refused++
            return
          }
          accepted++
          assert.notEqual(expected, undefined, 'fromJson refuses what we accept')
          assert.deepEqual(decoded, expected)
        }),
        { numRuns: runsFor(type) },
      )
    }
    assert.ok(accepted > 100 && refused > 100, `a fair mix of both: ${accepted} accepted, ${refused} refused`)
  })
})

function tryFromJson(type: DescMessage, json: unknown): Message | undefined {
  try {
    return fromJson(type, json as JsonValue)
  } catch {
    return
  }
}

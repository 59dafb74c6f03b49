import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { create, type DescMessage, fromJson, type JsonValue, type Message } from '@bufbuild/protobuf'
import { createValidator } from '@bufbuild/protovalidate'
import { SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import fc, { type Arbitrary } from 'fast-check'
import { arbitraryMessage } from '../../testing/arbitrary-message.ts'
import { messageTypes } from '../../testing/contract-types.ts'
import { CheckedSchema } from '../../testing/gen/mainstay/conformance/v1/conformance_pb.js'
import { quickCheck } from './quick-check.ts'
import { textViolations } from './text-policy.ts'

const validator = createValidator()

/** A message that keeps every rule of `Checked` that the quick check knows. */
const kept = {
  name: 'good',
  slug: 'a-slug',
  email: 'ada@example.com',
  body: 'éé',
  pageSize: 500,
  amount: '999',
  colour: 'COLOUR_RED',
  shade: 'COLOUR_GREEN',
  tags: ['a', 'bcdef'],
  limits: { least: 1, most: 1, inner: { most: 5 } },
  needed: {},
  many: [{}, { most: 3 }],
  counts: { a: 1, bcde: 0 },
  byText: '👋👋👋👋',
  ttl: '60.5s',
  time: '1970-01-01T00:16:40Z',
  raw: 'AAAA',
  nickname: 'abc',
  size: 'M',
  agreed: true,
  colours: ['COLOUR_RED', 'COLOUR_UNSPECIFIED'],
}

/** Values near the edges of the rules, and past them. */
const edges: Record<string, Arbitrary<unknown>> = {
  name: fc.constantFrom('', 'x', 'xy', '👋', '👋👋👋👋👋👋👋👋', '👋👋👋👋👋👋👋👋👋', 'a\0b'),
  slug: fc.constantFrom('', 'a', 'A', '-a', 'a-', 'a\n'),
  email: fc.oneof(fc.emailAddress(), fc.constantFrom('', '@', 'a@b', 'a@b.', 'a b@c', 'a@-b')),
  body: fc.constantFrom('', 'aaaaaaaaaa', 'aaaaaaaaaaa', 'ééééé', 'éééééa', '€€€', '€€€€'),
  pageSize: fc.constantFrom(-1, 0, 500, 501),
  amount: fc.constantFrom('-5', '-4', '999', '1000'),
  colour: fc.constantFrom(0, 1, -7, 3),
  shade: fc.constantFrom(0, 1, 9),
  tags: fc.constantFrom([], [''], ['a', 'a'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd'], ['abcdef']),
  limits: fc.constantFrom({ least: -1 }, { least: 2, most: 1 }, { inner: { least: 5 } }),
  many: fc.constantFrom([], [{}, {}, {}, {}, {}], [{ least: 1 }]),
  counts: fc.constantFrom({}, { a: -1 }, { abcde: 1 }, { a: 1, b: 2, c: 3 }),
  byText: fc.constantFrom('', 'abcd', 'abcde'),
  ttl: fc.constantFrom('1s', '0.999999999s', '60.500000001s'),
  time: fc.constantFrom('1970-01-01T00:16:39.999999999Z', '2026-01-01T00:00:00Z'),
  raw: fc.constantFrom('', 'AAAAAA==', 'AAAAAAA='),
  nickname: fc.constantFrom('', 'ab', 'abc'),
  size: fc.constantFrom('', 'S', 'XL'),
  agreed: fc.boolean(),
  colours: fc.constantFrom([], [1, 1], [1, 2, 0], [5]),
  ratio: fc.constantFrom(0, 1, 1.5, 'NaN'),
  even: fc.constantFrom(0, 1, 2),
  wrapped: fc.constantFrom(9, 10),
  ignored: fc.constantFrom({ least: -5 }),
}

/** Few at a time, or hardly any message would be good. */
const changes = fc
  .array(fc.oneof(...Object.entries(edges).map(([name, values]) => fc.tuple(fc.constant(name), values))), {
    maxLength: 3,
  })
  .map((members) => Object.fromEntries(members))

const isValid = (type: DescMessage, message: Message): boolean =>
  validator.validate(type, message).kind === 'valid' && textViolations(type, message).length === 0

describe('the quick check', () => {
  test('never says yes where protovalidate says no, near the edges of every rule', () => {
    let decided = 0
    fc.assert(
      fc.property(changes, (change) => {
        const message = fromJson(CheckedSchema, { ...kept, ...change } as JsonValue)
        if (!quickCheck(CheckedSchema)(message)) return
        decided++
        assert.ok(isValid(CheckedSchema, message))
      }),
      { numRuns: 500 },
    )
    assert.ok(decided > 50, `${decided} decided`)
  })

  test('never says yes where protovalidate says no, for any message of the contracts', () => {
    for (const type of messageTypes) {
      fc.assert(
        fc.property(arbitraryMessage(type), (message) => {
          if (quickCheck(type)(message)) assert.ok(isValid(type, message))
        }),
        { numRuns: 10 },
      )
    }
  })

  test('decides good requests by itself', () => {
    assert.equal(quickCheck(CheckedSchema)(fromJson(CheckedSchema, kept)), true)
    const send = fromJson(SendNotificationRequestSchema, {
      to: { email: 'ada@example.com' },
      email: { subject: 'Hello', text: 'Hello, Ada' },
      data: { name: 'Ada', items: [1, 'two', null] },
      dedupeKey: 'order-1',
      ttl: '60s',
      messageClass: 'MESSAGE_CLASS_OTP',
    })
    assert.equal(quickCheck(SendNotificationRequestSchema)(send), true)
  })

  test('says no to every method’s empty request that lacks what is required', () => {
    assert.equal(quickCheck(SendNotificationRequestSchema)(create(SendNotificationRequestSchema)), false)
  })
})

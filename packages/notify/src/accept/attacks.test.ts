import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AppError } from '@mainstay/kernel'
import { SendNotificationRequestSchema } from '@mainstay/proto/notify/v1'
import { requestReader } from '@mainstay/rpc'
import { findAddressee } from './address.ts'
import { mixesScripts } from './mixed-scripts.ts'

const read = requestReader(SendNotificationRequestSchema)

/** The fields that a request breaks a rule of the contract with. */
function wrong(change: object): string[] {
  const request = { to: { email: 'ada@example.com' }, email: { subject: 'Hi', text: 'Hi' }, ...change }
  try {
    read(Buffer.from(JSON.stringify(request)))
  } catch (error) {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'invalid_argument')
    return error.violations.map(({ field }) => field)
  }
  return []
}

const addressee = (email: string) =>
  findAddressee({ case: 'email', value: email }, 'email', '', () => assert.fail('nobody is looked up'))

describe('attack: a request to send', () => {
  it('with a line break in the subject', () => {
    for (const subject of ['Hi\r\nBcc: everyone@example.com', 'Hi\nX: y', 'Hi\rX: y']) {
      assert.deepEqual(wrong({ email: { subject, text: 'x' } }), ['email.subject'])
    }
  })

  it('with a subject of a megabyte', () => {
    assert.deepEqual(wrong({ email: { subject: 'x'.repeat(1_000_000), text: 'x' } }), ['email.subject'])
  })

  it('with a header, a second address or a name in the address', () => {
    for (const email of [
      'ada@example.com\r\nBcc: b@example.com',
      'ada@example.com, b@example.com',
      'Ada <ada@example.com>',
      'ada@example.com>',
    ]) {
      assert.deepEqual(wrong({ to: { email } }), ['to.email'], email)
    }
  })

  it('with a phone number that is none: no plus, spaces, an extension, letters', () => {
    for (const phone of [
      '0049170123456',
      '+49 170 1234567',
      '+491701234567 ext. 5',
      '+49-CALL-ME',
      '+0170123456',
    ]) {
      assert.deepEqual(wrong({ to: { phone }, email: undefined, sms: { text: 'x' } }), ['to.phone'], phone)
    }
  })

  it('with more files than an email may have, or a type that would end its header', () => {
    const file = { fileName: 'a.txt', content: 'eA==' }
    const email = { subject: 'x', text: 'x' }
    assert.deepEqual(wrong({ email: { ...email, attachments: Array.from({ length: 21 }, () => file) } }), [
      'email.attachments',
    ])
    const typed = { ...file, contentType: 'text/plain\r\nX: y' }
    assert.deepEqual(wrong({ email: { ...email, attachments: [typed] } }), [
      'email.attachments[0].contentType',
    ])
  })

  it('to a look-alike of another host: letters of two scripts in one label', async () => {
    for (const host of ['аpple.com', 'xn--pple-43d.com', 'paypаl.example', 'gοοgle.com']) {
      await assert.rejects(addressee(`ada@${host}`), {
        reason: 'notify.recipient_unreachable',
        violations: [
          {
            field: 'to.email',
            description: 'has a host that mixes scripts, such as Latin with Cyrillic letters',
          },
        ],
      })
    }
  })

  it('to an international host is none: it is sent to in Punycode', async () => {
    for (const [host, expected] of [
      ['bücher.example', 'xn--bcher-kva.example'],
      ['例え.jp', 'xn--r8jz45g.jp'],
      ['почта.рф', 'xn--80a1acny.xn--p1ai'],
      ['toysらいおんrus.example', undefined],
    ] as const) {
      const { addresses } = await addressee(`ada@${host}`)
      if (expected !== undefined) assert.deepEqual(addresses, [`ada@${expected}`])
    }
    assert.equal(mixesScripts('example.com'), false)
  })

  it('to an address whose first half no plain mail server takes', async () => {
    for (const email of ['jürgen@example.com', 'ада@example.com', 'a"b@example.com']) {
      await assert.rejects(addressee(email), { reason: 'notify.recipient_unreachable' }, email)
    }
  })
})

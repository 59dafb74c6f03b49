import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readBounceMail } from './bounce-mail.ts'

const messageId = 'msg_01h455vb4pex5vsknk084sn02q'
const sentAt = 'Sun, 22 Nov 2026 20:00:00 +0000'
const sentMs = Date.parse(sentAt)
const receivedMs = sentMs + 5000

const returnedMail = [
  'Received: from acme.example by mx.example; Sun, 22 Nov 2026 19:59:58 +0000',
  'From: Acme <hello@acme.example>',
  'To: ada@customer.example',
  'Subject: Your order is confirmed',
  `X-Mainstay-Message: ${messageId}`,
  '',
  'Thank you.',
].join('\r\n')

const oneRecipient = (more: Record<string, string>) =>
  Object.entries({ 'Final-Recipient': 'rfc822; ada@customer.example', ...more })
    .map(([name, value]) => `${name}: ${value}`)
    .join('\r\n')

interface Bounce {
  recipients: string[]
  returned?: string
  returnedType?: string
  statusType?: string
  head?: string[]
}

/** A bounce as Postfix writes it. */
function bounceMail({
  recipients,
  returned = returnedMail,
  returnedType = 'message/rfc822',
  statusType = 'message/delivery-status',
  head = [`Date: ${sentAt}`, 'Message-ID: <20261122200000.1B2@mx.example>'],
}: Bounce): Buffer {
  return Buffer.from(
    [
      'From: MAILER-DAEMON@mx.example (Mail Delivery System)',
      'To: hello@acme.example',
      'Subject: Undelivered Mail Returned to Sender',
      'Auto-Submitted: auto-replied',
      ...head,
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary="B.1/mx.example"',
      '',
      'This is a MIME-encapsulated message.',
      '',
      '--B.1/mx.example',
      'Content-Description: Notification',
      'Content-Type: text/plain; charset=us-ascii',
      '',
      'I’m sorry to have to inform you that your message could not be delivered.',
      '',
      '--B.1/mx.example',
      'Content-Description: Delivery report',
      `Content-Type: ${statusType}`,
      '',
      'Reporting-MTA: dns; mx.example',
      'X-Postfix-Queue-ID: 1B2',
      `Arrival-Date: ${sentAt}`,
      '',
      ...recipients.flatMap((recipient) => [recipient, '']),
      '--B.1/mx.example',
      'Content-Description: Undelivered Message',
      `Content-Type: ${returnedType}`,
      '',
      returned,
      '',
      '--B.1/mx.example--',
      '',
    ].join('\r\n'),
  )
}

const noSuchUser = oneRecipient({
  'Original-Recipient': 'rfc822;ada@customer.example',
  Action: 'failed',
  Status: '5.1.1',
  'Remote-MTA': 'dns; mx.customer.example',
  'Diagnostic-Code': 'smtp; 550 5.1.1 <ada@customer.example>:\r\n    Recipient address rejected',
})

describe('a mail that a server wrote back', () => {
  test('tells what became of the message that it returns', async () => {
    assert.deepEqual(await readBounceMail(bounceMail({ recipients: [noSuchUser] }), receivedMs), [
      {
        eventId: '<20261122200000.1B2@mx.example>/0',
        kind: 'bounced',
        timeMs: sentMs,
        messageId,
        detail: 'smtp; 550 5.1.1 <ada@customer.example>: Recipient address rejected',
      },
    ])
  })

  const meanings: [name: string, fields: Record<string, string>, kind: string | undefined][] = [
    ['a delay', { Action: 'delayed', Status: '4.4.1' }, undefined],
    ['a delay in capitals', { Action: 'Delayed', Status: '4.2.0' }, undefined],
    ['a delivery', { Action: 'delivered', Status: '2.1.5' }, 'delivered'],
    ['a delivery with a comment', { Action: 'delivered (to mailbox)', Status: '2.0.0' }, 'delivered'],
    ['a relay', { Action: 'relayed', Status: '2.0.0' }, 'sent'],
    ['a list', { Action: 'expanded', Status: '2.0.0' }, 'sent'],
    ['no such host', { Action: 'failed', Status: '5.1.2' }, 'bounced'],
    ['a domain without mail', { Action: 'failed', Status: '5.1.10' }, 'bounced'],
    ['a closed mailbox', { Action: 'failed', Status: '5.2.1 (disabled)' }, 'bounced'],
    ['a domain that leads nowhere', { Action: 'failed', Status: '5.4.4' }, 'bounced'],
    ['a sender that is at fault', { Action: 'failed', Status: '5.1.8' }, 'failed'],
    ['a full mailbox', { Action: 'failed', Status: '5.2.2' }, 'failed'],
    ['too large a mail', { Action: 'failed', Status: '5.3.4' }, 'failed'],
    ['a policy', { Action: 'failed', Status: '5.7.1', 'Diagnostic-Code': 'smtp; 550 5.7.1 no' }, 'failed'],
    ['a server tried for too long', { Action: 'failed', Status: '4.4.7' }, 'failed'],
    [
      'a server without such codes',
      { Action: 'failed', Status: '5.0.0', 'Diagnostic-Code': 'smtp; 550 no such user here' },
      'bounced',
    ],
    [
      'a status that the reply knows better',
      { Action: 'failed', Status: '5.0.0', 'Diagnostic-Code': 'smtp; 550-5.7.26 not authenticated' },
      'failed',
    ],
    ['a reply alone', { Action: 'failed', 'Diagnostic-Code': 'SMTP; 551 user not local' }, 'bounced'],
    ['another reply alone', { Action: 'failed', 'Diagnostic-Code': 'smtp; 554 spam' }, 'failed'],
    ['a failure and no more', { Action: 'failed' }, 'failed'],
    ['an action that is not known', { Action: 'vanished', Status: '5.1.1' }, undefined],
    ['no action', { Status: '5.1.1' }, undefined],
  ]
  for (const [name, fields, kind] of meanings) {
    test(`of ${name} is ${kind ?? 'no event'}`, async () => {
      const events = await readBounceMail(bounceMail({ recipients: [oneRecipient(fields)] }), receivedMs)
      assert.deepEqual(
        events.map((event) => event.kind),
        kind === undefined ? [] : [kind],
      )
    })
  }

  test('tells of each recipient, under an id of its own', async () => {
    const delayed = oneRecipient({ Action: 'delayed', Status: '4.0.0' })
    const delivered = oneRecipient({ Action: 'delivered', Status: '2.0.0' })
    const events = await readBounceMail(
      bounceMail({ recipients: [noSuchUser, delayed, delivered] }),
      receivedMs,
    )
    assert.deepEqual(
      events.map(({ eventId, kind }) => `${eventId} ${kind}`),
      ['<20261122200000.1B2@mx.example>/0 bounced', '<20261122200000.1B2@mx.example>/2 delivered'],
    )
  })

  test('is known again without an id, and without a time is of when it came', async () => {
    const content = bounceMail({ recipients: [noSuchUser], head: [] })
    const [first] = await readBounceMail(content, receivedMs)
    const [again] = await readBounceMail(content, receivedMs + 60_000)
    assert.equal(first?.eventId, again?.eventId)
    assert.equal(first?.timeMs, receivedMs)
    const ahead = bounceMail({ recipients: [noSuchUser], head: ['Date: Sun, 22 Nov 2076 20:00:00 +0000'] })
    assert.equal((await readBounceMail(ahead, receivedMs))[0]?.timeMs, receivedMs)
  })

  test('may return the headers alone, in any of the forms that there are', async () => {
    const headers = returnedMail.slice(0, returnedMail.indexOf('\r\n\r\n'))
    const forms: Partial<Bounce>[] = [
      { returnedType: 'text/rfc822-headers', returned: headers },
      { returnedType: 'text/rfc822-headers; charset=us-ascii', returned: `${headers}\r\n` },
      {
        returnedType: 'message/global-headers',
        returned: headers,
        statusType: 'message/global-delivery-status',
      },
      { returnedType: 'message/global' },
      { returnedType: 'Message/RFC822', statusType: 'Message/Delivery-Status' },
      { returned: headers.replace('X-Mainstay-Message', 'x-mainstay-message') },
      { returned: headers.replace('X-Mainstay-Message: ', 'X-Mainstay-Message:\r\n ') },
      { returned: `Message-ID: <${messageId}@acme.example>\r\nSubject: x` },
    ]
    for (const form of forms) {
      const events = await readBounceMail(bounceMail({ recipients: [noSuchUser], ...form }), receivedMs)
      assert.equal(events[0]?.messageId, messageId, JSON.stringify(form))
    }
  })

  test('may be encoded, and may end its lines in any way', async () => {
    const text = bounceMail({ recipients: [noSuchUser] }).toString()
    const unix = await readBounceMail(Buffer.from(text.replaceAll('\r\n', '\n')), receivedMs)
    assert.equal(unix[0]?.kind, 'bounced')
    const part = `Reporting-MTA: dns; mx.example\r\n\r\n${noSuchUser}\r\n`
    const head = text.slice(0, text.indexOf('Content-Description: Delivery report'))
    const tail = text.slice(text.indexOf('--B.1/mx.example\r\nContent-Description: Undelivered Message'))
    const encoded = `${head}Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(part).toString('base64')}\r\n${tail}`
    assert.equal((await readBounceMail(Buffer.from(encoded), receivedMs))[0]?.kind, 'bounced')
  })

  test('that names no message of ours in what it returns is no event', async () => {
    const returned = [
      '',
      'Subject: x\r\n\r\nbody',
      `Subject: x\r\n\r\nX-Mainstay-Message: ${messageId}`,
      'X-Mainstay-Message: msg_short\r\nSubject: x',
      `X-Mainstay-Message: ${messageId}x\r\nSubject: x`,
      `Subject: X-Mainstay-Message: ${messageId}`,
      'Message-ID: <someone@else.example>',
    ]
    for (const text of returned) {
      const content = bounceMail({ recipients: [noSuchUser], returned: text })
      assert.deepEqual(await readBounceMail(content, receivedMs), [], text)
    }
  })

  test('that is no report of a delivery is no event', async () => {
    const mails = [
      '',
      'hello',
      returnedMail,
      `Subject: out of office\r\nX-Mainstay-Message: ${messageId}\r\n\r\nI am away.`,
      `Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n${returnedMail}\r\n--b--`,
    ]
    for (const mail of mails) assert.deepEqual(await readBounceMail(Buffer.from(mail), receivedMs), [], mail)
  })

  test('with a header that breaks off is read as far as it goes', async () => {
    const broken = bounceMail({ recipients: [noSuchUser] })
      .toString()
      .replace('Content-Type: message/delivery-status', 'Content-Type:\nmessage/delivery-status')
    assert.deepEqual(await readBounceMail(Buffer.from(broken), receivedMs), [])
  })

  test('never throws, whatever is in it, and never names an address or a message that was not returned', async () => {
    const good = bounceMail({ recipients: [noSuchUser] })
    const damaged = fc
      .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(40)), { minLength: 1, maxLength: 12 })
      .map((changes) => {
        let content = Buffer.from(good)
        for (const [at, byte, cut] of changes) {
          content = Buffer.concat([content.subarray(0, at), Buffer.from([byte]), content.subarray(at + cut)])
        }
        return content
      })
    const anything = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
    const action = fc.oneof(fc.constantFrom('failed', 'delivered', 'relayed'), fc.string())
    const wildFields = fc
      .array(fc.record({ Action: action, Status: fc.string(), 'Diagnostic-Code': fc.string() }), {
        maxLength: 5,
      })
      .map((recipients) => bounceMail({ recipients: recipients.map(oneRecipient) }))
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged, anything, wildFields), async (content) => {
        const events = await readBounceMail(content, receivedMs)
        assert.ok(events.length <= 20)
        for (const event of events) {
          assert.equal('address' in event, false)
          assert.match(event.messageId ?? '', /^msg_[0-9a-z]{26}$/)
          assert.ok(event.timeMs <= receivedMs)
          assert.ok(event.detail.length > 0 && event.detail.length <= 500)
        }
      }),
      { numRuns: 300 },
    )
  })
})

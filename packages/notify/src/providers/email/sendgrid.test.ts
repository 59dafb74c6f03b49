import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import { describeService } from '../../testing/service-suite.ts'
import { ReportMalformed, type ReportRequest } from '../reports.ts'
import { sendgrid } from './sendgrid.ts'
import { sendgridReports } from './sendgrid-reports.ts'

const errors = (message: string) => JSON.stringify({ errors: [{ message, field: null, help: null }] })

describeService({
  service: sendgrid,
  config: { apiKey: `SG.${'a'.repeat(22)}.${'b'.repeat(43)}`, region: 'global', webhookKey: '' },
  checkRequest(call, email) {
    assert.equal(`${call.method} ${call.path}`, 'POST /v3/mail/send')
    assert.equal(call.headers.authorization, `Bearer SG.${'a'.repeat(22)}.${'b'.repeat(43)}`)
    assert.deepEqual(JSON.parse(call.body), {
      personalizations: [{ to: [{ email: email.to }], custom_args: { mainstay_message: email.messageId } }],
      from: { email: 'hello@acme.example', name: 'Acme' },
      subject: email.subject,
      content: [
        { type: 'text/plain', value: email.text },
        { type: 'text/html', value: email.html },
      ],
      headers: { 'X-Mainstay-Message': email.messageId },
    })
  },
  success: {
    status: 202,
    headers: { 'x-message-id': '14c5d75ce93.dfd.64b469' },
    providerMessageId: '14c5d75ce93.dfd.64b469',
  },
  answers: [
    {
      name: 'a wrong key',
      status: 401,
      body: errors('The provided authorization grant is invalid, expired, or revoked'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'a sender that is not verified',
      status: 403,
      body: errors('The from address does not match a verified Sender Identity.'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'a wrong address',
      status: 400,
      body: errors('Does not contain a valid address.'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'too large',
      status: 413,
      body: errors('Request entity too large'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'too many requests',
      status: 429,
      headers: { 'retry-after': '12' },
      body: errors('too many requests'),
      means: { outcome: 'rejected_transient', retryAfterMs: 12_000 },
    },
    {
      name: 'an error of theirs',
      status: 500,
      body: errors('Internal error'),
      means: { outcome: 'unknown' },
    },
  ],
})

describe('reports of SendGrid', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const config = { webhookKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64') }

  function report(text: string, change: Partial<ReportRequest> = {}): ReportRequest {
    const body = Buffer.from(text)
    const timestamp = '1600112502'
    const signature = sign('sha256', Buffer.concat([Buffer.from(timestamp), body]), privateKey)
    return {
      method: 'POST',
      url: 'https://acme.example/reports/1',
      headers: {
        'x-twilio-email-event-webhook-signature': signature.toString('base64'),
        'x-twilio-email-event-webhook-timestamp': timestamp,
      },
      body,
      receivedMs: 1_600_112_502_000,
      ...change,
    }
  }

  const event = (more: object) => ({
    email: 'ada@customer.example',
    timestamp: 1_600_112_492,
    sg_event_id: 'ZGVsaXZlcmVk',
    sg_message_id: '14c5d75ce93.filter001.1234.5',
    mainstay_message: 'msg_01h455vb4pex5vsknk084sn02q',
    ...more,
  })

  test('are believed with their signature, and read for what they mean', async () => {
    const reported = [
      event({ event: 'delivered', response: '250 OK' }),
      event({ event: 'bounce', type: 'bounce', reason: '550 no such user' }),
      event({ event: 'bounce', type: 'blocked', reason: '421 try later' }),
      event({ event: 'spamreport' }),
      event({ event: 'deferred' }),
    ]
    const reports = await sendgridReports.read(report(JSON.stringify(reported)), config)
    assert.ok('events' in reports)
    assert.deepEqual(
      reports.events.map(({ kind, detail }) => `${kind}: ${detail}`),
      ['delivered: 250 OK', 'bounced: 550 no such user', 'failed: 421 try later', 'complained: spamreport'],
    )
    assert.partialDeepStrictEqual(reports.events[0], {
      eventId: 'ZGVsaXZlcmVk',
      timeMs: 1_600_112_492_000,
      messageId: 'msg_01h455vb4pex5vsknk084sn02q',
      providerMessageId: '14c5d75ce93',
      address: 'ada@customer.example',
    })
  })

  test('with another body, another time, another key or no signature are forged', async () => {
    const good = report(JSON.stringify([event({ event: 'delivered' })]))
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
    const otherKey = stranger.export({ format: 'der', type: 'spki' }).toString('base64')
    const forged: [ReportRequest, { webhookKey: string }][] = [
      [{ ...good, body: Buffer.from('[]') }, config],
      [{ ...good, headers: { ...good.headers, 'x-twilio-email-event-webhook-timestamp': '1' } }, config],
      [{ ...good, headers: {} }, config],
      [
        {
          ...good,
          headers: { ...good.headers, 'x-twilio-email-event-webhook-signature': 'AAAAAAAAAAAAAAAAAAAA' },
        },
        config,
      ],
      [good, { webhookKey: otherKey }],
      [good, { webhookKey: '' }],
    ]
    for (const [request, account] of forged) {
      assert.ok('forged' in (await sendgridReports.read(request, account)))
    }
  })

  test('that are signed but no list of events are malformed', () => {
    for (const body of ['', '{}', '[{}]', '[{"event":"delivered"}]', 'null']) {
      assert.throws(() => sendgridReports.read(report(body), config), ReportMalformed, body)
    }
  })
})

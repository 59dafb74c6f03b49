import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import { ReportMalformed, type ReportRequest } from '../reports.ts'
import { metaWhatsapp } from './meta.ts'
import { metaReports } from './meta-reports.ts'

const config = {
  phoneNumberId: '106540352242922',
  accessToken: `EAA${'x'.repeat(60)}`,
  appSecret: '0123456789abcdef0123456789abcdef',
  verifyToken: 'a-token-of-our-own-choice',
}
const wamid = 'wamid.HBgLMTQxNTU1NTAxMDAVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA'
const error = (status: number, code: number, message: string, more: object = {}) => ({
  status,
  body: JSON.stringify({
    error: {
      message: `(#${code}) ${message}`,
      type: 'OAuthException',
      code,
      error_data: { messaging_product: 'whatsapp', details: message },
      fbtrace_id: 'Az8or2yhqkZfEZ-_4Qn_Bam',
      ...more,
    },
  }),
})
const permanent = { outcome: 'rejected_permanent' } as const
const account = { outcome: 'rejected_transient', accountFault: true } as const
const later = { outcome: 'rejected_transient' } as const

describeService({
  service: metaWhatsapp,
  config,
  message: { content: { template: 'order_shipped', language: 'en-US', parameters: ['Ada', '12:30'] } },
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, 'POST /v24.0/106540352242922/messages')
    assert.equal(call.headers.authorization, `Bearer ${config.accessToken}`)
    assert.deepEqual(JSON.parse(call.body), {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: message.to,
      type: 'template',
      template: {
        name: 'order_shipped',
        language: { code: 'en_US' },
        components: [
          {
            type: 'body',
            parameters: [
              { type: 'text', text: 'Ada' },
              { type: 'text', text: '12:30' },
            ],
          },
        ],
      },
      biz_opaque_callback_data: message.messageId,
    })
  },
  success: {
    status: 200,
    body: JSON.stringify({
      messaging_product: 'whatsapp',
      contacts: [{ input: '+491701234567', wa_id: '491701234567' }],
      messages: [{ id: wamid, message_status: 'accepted' }],
    }),
    providerMessageId: wamid,
  },
  answers: [
    { name: 'an expired token', ...error(401, 190, 'Access token has expired'), means: account },
    { name: 'no permission', ...error(403, 200, 'Requires whatsapp_business_messaging'), means: account },
    { name: 'a capability', ...error(500, 3, 'Application does not have the capability'), means: account },
    { name: 'no payment', ...error(400, 131042, 'Business eligibility payment issue'), means: account },
    {
      name: 'a phone number ID that is not there',
      ...error(400, 100, 'Unsupported post request. Object does not exist', { error_subcode: 33 }),
      means: account,
    },
    { name: 'an invalid parameter', ...error(400, 100, 'Invalid parameter'), means: permanent },
    { name: 'no WhatsApp, or not now', ...error(400, 131026, 'Message undeliverable'), means: permanent },
    { name: 'the 24-hour window', ...error(400, 131047, 'Re-engagement message'), means: permanent },
    { name: 'a template that is not there', ...error(404, 132001, 'Does not exist in de'), means: permanent },
    { name: 'a template that is paused', ...error(400, 132015, 'Template is paused'), means: permanent },
    { name: 'a country', ...error(403, 130497, 'Restricted from messaging this country'), means: permanent },
    { name: 'too many messages', ...error(400, 130429, 'Rate limit hit'), means: later },
    { name: 'too many to this person', ...error(400, 131056, 'Pair rate limit hit'), means: later },
    {
      name: 'too many calls',
      ...error(429, 80007, 'Rate limit issues'),
      headers: { 'retry-after': '60' },
      means: { ...later, retryAfterMs: 60_000 },
    },
    { name: 'downtime', ...error(503, 2, 'Service temporarily unavailable'), means: later },
    { name: 'nobody knows', ...error(400, 1, 'An unknown error occurred'), means: { outcome: 'unknown' } },
    { name: 'an error of theirs', ...error(500, 131000, 'Went wrong'), means: { outcome: 'unknown' } },
    { name: 'no JSON', status: 502, body: '<html>', means: { outcome: 'unknown' } },
  ],
})

describe('WhatsApp (Meta)', () => {
  test('sends free text without a preview of links', () => {
    const sent = metaWhatsapp.request(aMessage('whatsapp'), config, {
      nowMs: () => 0,
      allowPrivate: false,
      call: () => assert.fail('nothing is called before'),
    })
    assert.ok('body' in sent)
    assert.partialDeepStrictEqual(JSON.parse(String(sent.body)), {
      type: 'text',
      text: { preview_url: false, body: 'Your order is on its way' },
    })
  })
})

describe('reports of WhatsApp (Meta)', () => {
  const messageId = 'msg_01h455vb4pex5vsknk084sn02q'
  const status = (more: object = {}) => ({
    id: wamid,
    status: 'delivered',
    timestamp: '1750263773',
    recipient_id: '491701234567',
    biz_opaque_callback_data: messageId,
    ...more,
  })
  const envelope = (value: object, field = 'messages') =>
    JSON.stringify({
      object: 'whatsapp_business_account',
      entry: [
        {
          id: '102290129340398',
          changes: [
            {
              value: {
                messaging_product: 'whatsapp',
                metadata: { display_phone_number: '15550783881', phone_number_id: config.phoneNumberId },
                ...value,
              },
              field,
            },
          ],
        },
      ],
    })

  function report(text: string, secret = config.appSecret): ReportRequest {
    const body = Buffer.from(text)
    return {
      method: 'POST',
      url: 'https://acme.example/reports/1',
      headers: { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` },
      body,
      receivedMs: 0,
    }
  }

  async function kinds(text: string): Promise<string[]> {
    const reports = await metaReports.read(report(text), config)
    assert.ok('events' in reports)
    return reports.events.map(({ kind, detail }) => `${kind}: ${detail}`)
  }

  test('name our message, and mean what they say', async () => {
    const failure = (code: number) => ({
      status: 'failed',
      errors: [{ code, title: 'T', message: 'M', error_data: { details: 'Told at length.' } }],
    })
    const statuses = [
      status({ status: 'sent' }),
      status(),
      status({ status: 'read' }),
      status(failure(131_026)),
      status(failure(131_050)),
      status({ status: 'failed' }),
      status({ status: 'constructor' }),
    ]
    assert.deepEqual(await kinds(envelope({ statuses })), [
      'sent: sent',
      'delivered: delivered',
      'read: read',
      'failed: failed 131026 Told at length.',
      'unsubscribed: failed 131050 Told at length.',
      'failed: failed',
    ])
    const reports = await metaReports.read(report(envelope({ statuses: [status()] })), config)
    assert.deepEqual(reports, {
      events: [
        {
          eventId: `${wamid}:delivered`,
          kind: 'delivered',
          timeMs: 1_750_263_773_000,
          messageId,
          providerMessageId: wamid,
          detail: 'delivered',
        },
      ],
    })
  })

  test('about other things, or with a reference of somebody else, name no message', async () => {
    assert.deepEqual(await kinds(envelope({ messages: [{ from: '49170', text: { body: 'Hi' } }] })), [])
    assert.deepEqual(await kinds(envelope({ event: 'APPROVED' }, 'message_template_status_update')), [])
    const other = status({ biz_opaque_callback_data: 'campaign-7' })
    const reports = await metaReports.read(report(envelope({ statuses: [other] })), config)
    assert.ok('events' in reports)
    assert.equal('messageId' in (reports.events[0] ?? {}), false)
  })

  test('with another body, secret or no whole signature are forged', async () => {
    const good = report(envelope({ statuses: [status()] }))
    const signature = good.headers['x-hub-signature-256'] ?? ''
    const signed = (given: string) => ({ ...good, headers: { 'x-hub-signature-256': given } })
    const forged: ReportRequest[] = [
      { ...good, body: Buffer.from('{"entry":[]}') },
      { ...good, headers: {} },
      // The older signature, of SHA-1, is not taken in its place.
      { ...good, headers: { 'x-hub-signature': signature } },
      signed(''),
      signed('sha256='),
      signed(signature.slice(7)),
      signed(signature.slice(0, -1)),
      signed(signature.toUpperCase()),
      report(envelope({ statuses: [status()] }), 'another secret'),
      report(envelope({ statuses: [status()] }), config.accessToken),
    ]
    for (const request of forged) assert.ok('forged' in (await metaReports.read(request, config)))
    assert.ok('forged' in (await metaReports.read(good, { ...config, appSecret: '' })))
    assert.ok('forged' in (await metaReports.read(report('{}', ''), { ...config, appSecret: '' })))
  })

  test('that are signed but not in the documented form are malformed', () => {
    const bodies = [
      '',
      'null',
      '[]',
      '{}',
      '{"entry":{}}',
      '{"entry":[{}]}',
      envelope({ statuses: {} }),
      envelope({ statuses: [null] }),
      envelope({ statuses: [status({ timestamp: 'yesterday' })] }),
      envelope({ statuses: [status({ id: 7 })] }),
    ]
    for (const body of bodies)
      assert.throws(() => metaReports.read(report(body), config), ReportMalformed, body)
  })

  test('begin with a challenge, which only who knows the verify token gets back', async () => {
    const get = (query: Record<string, string>): ReportRequest => ({
      method: 'GET',
      url: `https://acme.example/reports/1?${new URLSearchParams(query)}`,
      headers: {},
      body: Buffer.alloc(0),
      receivedMs: 0,
    })
    const query = {
      'hub.mode': 'subscribe',
      'hub.verify_token': config.verifyToken,
      'hub.challenge': '1158201444',
    }
    assert.deepEqual(await metaReports.read(get(query), config), {
      events: [],
      reply: { status: 200, contentType: 'text/plain', body: '1158201444' },
    })
    for (const change of [
      { 'hub.verify_token': 'another' },
      { 'hub.verify_token': '' },
      { 'hub.mode': 'unsubscribe' },
      { 'hub.challenge': '<script>alert(1)</script>' },
      { 'hub.challenge': '' },
    ]) {
      assert.ok('forged' in (await metaReports.read(get({ ...query, ...change }), config)))
    }
    const none = { ...config, verifyToken: '' }
    assert.ok('forged' in (await metaReports.read(get({ ...query, 'hub.verify_token': '' }), none)))
  })
})

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import { ReportMalformed, type ReportRequest } from '../reports.ts'
import { birdSms } from './bird.ts'
import { birdReports } from './bird-reports.ts'

const secret = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`
const config = { apiKey: 'bk_eu1_0123456789abcdef', webhookSecret: secret }
const smsId = 'sms_01krdgeqcxet5s7t44vh8rt9mg'
const error = (status: number, type: string, name: string) => ({
  status,
  body: JSON.stringify({
    error: {
      type,
      code: 'E01004',
      name,
      message: `${name}.`,
      doc_url: 'https://bird.com/docs/errors',
      request_id: 'req_1',
    },
  }),
})
const account = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: birdSms,
  config,
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, 'POST /v1/sms/messages')
    assert.equal(call.headers.authorization, `Bearer ${config.apiKey}`)
    assert.equal(call.headers['idempotency-key'], message.messageId)
    assert.notEqual(call.headers['user-agent'] ?? '', '')
    assert.deepEqual(JSON.parse(call.body), {
      to: '+491701234567',
      from: '+14155550100',
      text: message.text,
      category: 'transactional',
      metadata: { mainstay_message: message.messageId },
    })
  },
  success: {
    status: 202,
    body: JSON.stringify({ id: smsId, direction: 'outbound', status: 'accepted' }),
    providerMessageId: smsId,
  },
  answers: [
    { name: 'a wrong key', ...error(401, 'auth_error', 'Unauthorized'), means: account },
    { name: 'no balance', ...error(402, 'billing_error', 'InsufficientBalance'), means: account },
    { name: 'no permission', ...error(403, 'permission_error', 'Forbidden'), means: account },
    {
      name: 'no number',
      ...error(422, 'validation_error', 'SMSInvalidRecipient'),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'a sender of others',
      ...error(422, 'validation_error', 'SMSSenderNotConfigured'),
      means: account,
    },
    {
      name: 'a category that the sender is not registered for',
      ...error(422, 'validation_error', 'SenderCategoryNotPermitted'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'an earlier call with this key',
      ...error(409, 'conflict_error', 'request_in_progress'),
      means: { outcome: 'unknown' },
    },
    {
      name: 'too many requests',
      ...error(429, 'rate_limit_error', 'RateLimited'),
      headers: { 'retry-after': '35' },
      means: { outcome: 'rejected_transient', retryAfterMs: 35_000 },
    },
    {
      name: 'no idempotency now, and so no call',
      ...error(503, 'service_unavailable_error', 'IdempotencyUnavailable'),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'an error of theirs',
      ...error(500, 'internal_error', 'Internal'),
      means: { outcome: 'unknown' },
    },
  ],
})

describe('Bird (SMS)', () => {
  test('goes to the region of its key, and says what a message is for', () => {
    const sent = (apiKey: string, purpose: 'otp' | 'bulk') => {
      const context = { nowMs: () => 0, allowPrivate: false, call: () => assert.fail('not needed') }
      const request = birdSms.request(aMessage('sms', { class: purpose }), { ...config, apiKey }, context)
      assert.ok('url' in request)
      return [request.url, JSON.parse(String(request.body)).category]
    }
    const path = 'platform.bird.com/v1/sms/messages'
    assert.deepEqual(sent('bk_us1_0123456789', 'otp'), [`https://us1.${path}`, 'authentication'])
    assert.deepEqual(sent('bk_eu1_0123456789', 'bulk'), [`https://eu1.${path}`, 'marketing'])
  })
})

describe('reports of Bird (SMS)', () => {
  const nowMs = 1_790_000_000_000
  const messageId = 'msg_01h455vb4pex5vsknk084sn02q'
  const event = (type: string, more: object = {}) =>
    JSON.stringify({
      type,
      timestamp: '2026-09-21T13:33:20Z',
      data: {
        sms_id: smsId,
        workspace_id: 'ws_01krdgeqcxet5s7t44vh8rt9mg',
        to: '+491701234567',
        from: '+14155550100',
        metadata: { mainstay_message: messageId },
        ...more,
      },
    })

  function report(text: string, timestamp = String(nowMs / 1000), key = secret): ReportRequest {
    const body = Buffer.from(text)
    const signature = createHmac('sha256', Buffer.from(key.slice('whsec_'.length), 'base64'))
      .update(`evt_1.${timestamp}.`)
      .update(body)
      .digest('base64')
    return {
      method: 'POST',
      url: 'https://acme.example/reports/1',
      headers: {
        'webhook-id': 'evt_1',
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,bm90IHRoaXMgb25l v1,${signature}`,
      },
      body,
      receivedMs: nowMs,
    }
  }

  test('name our message, and mean what they say', async () => {
    assert.deepEqual(await birdReports.read(report(event('sms.delivered')), config), {
      events: [
        {
          eventId: 'evt_1',
          kind: 'delivered',
          timeMs: Date.parse('2026-09-21T13:33:20Z'),
          messageId,
          providerMessageId: smsId,
          address: '+491701234567',
          detail: 'sms.delivered',
        },
      ],
    })
    const failure = (code: string) => ({ error: { code, description: 'Told at length' } })
    const cases: [string, string[]][] = [
      [event('sms.sent'), ['sent: sms.sent']],
      [event('sms.accepted'), []],
      [event('sms.received'), []],
      [event('constructor'), []],
      [
        event('sms.undelivered', failure('unreachable')),
        ['failed: sms.undelivered unreachable Told at length'],
      ],
      [
        event('sms.failed', failure('invalid_destination')),
        ['bounced: sms.failed invalid_destination Told at length'],
      ],
      [
        event('sms.failed', failure('landline_unreachable')),
        ['bounced: sms.failed landline_unreachable Told at length'],
      ],
      [
        event('sms.rejected', failure('recipient_opted_out')),
        ['unsubscribed: sms.rejected recipient_opted_out Told at length'],
      ],
      [event('sms.expired'), ['failed: sms.expired']],
      // Bird's test of the endpoint.
      ['{"type":"sms.delivered"}', []],
    ]
    for (const [body, expected] of cases) {
      const reports = await birdReports.read(report(body), config)
      assert.ok('events' in reports)
      assert.deepEqual(
        reports.events.map(({ kind, detail }) => `${kind}: ${detail}`),
        expected,
      )
    }
  })

  test('with another body, secret, id, time or no signature are forged', async () => {
    const good = report(event('sms.delivered'))
    const change = (headers: Record<string, string>) => ({
      ...good,
      headers: { ...good.headers, ...headers },
    })
    const forged: ReportRequest[] = [
      { ...good, body: Buffer.from(event('sms.failed')) },
      { ...good, headers: {} },
      change({ 'webhook-id': 'evt_2' }),
      change({ 'webhook-timestamp': String(nowMs / 1000 + 1) }),
      change({ 'webhook-signature': '' }),
      change({ 'webhook-signature': 'v1,' }),
      change({ 'webhook-signature': (good.headers['webhook-signature'] ?? '').slice(0, -4) }),
      report(event('sms.delivered'), String(nowMs / 1000 - 600)),
      report(event('sms.delivered'), undefined, `whsec_${Buffer.from('another').toString('base64')}`),
    ]
    for (const request of forged) assert.ok('forged' in (await birdReports.read(request, config)))
    assert.ok('forged' in (await birdReports.read(good, { webhookSecret: '' })))
  })

  test('that are signed but not in the documented form are malformed', () => {
    const bodies = [
      '',
      '[]',
      '{}',
      '{"type":7}',
      '{"type":"sms.sent","data":{}}',
      '{"type":"sms.sent","data":{"sms_id":"sms_1"}}',
    ]
    for (const body of bodies)
      assert.throws(() => birdReports.read(report(body), config), ReportMalformed, body)
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { startServicePeer } from '../../testing/service-peer.ts'
import { describeService } from '../../testing/service-suite.ts'
import { type ProviderEvent, ReportMalformed, type ReportRequest } from '../reports.ts'
import { createServiceAdapter } from '../service.ts'
import { resend } from './resend.ts'
import { resendReports } from './resend-reports.ts'

const apiKey = `re_${'a'.repeat(8)}_${'b'.repeat(24)}`
const webhookSecret = `whsec_${Buffer.from('a secret of 24 bytes, ok').toString('base64')}`

const error = (statusCode: number, name: string, message: string) => ({
  status: statusCode,
  body: JSON.stringify({ statusCode, name, message }),
})
const accountFault = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: resend,
  config: { apiKey, webhookSecret },
  checkRequest(call, email) {
    assert.equal(`${call.method} ${call.path}`, 'POST /emails')
    assert.equal(call.headers.authorization, `Bearer ${apiKey}`)
    assert.equal(call.headers['idempotency-key'], email.messageId)
    assert.deepEqual(JSON.parse(call.body), {
      from: 'Acme <hello@acme.example>',
      to: [email.to],
      subject: email.subject,
      text: email.text,
      html: email.html,
      headers: { 'X-Mainstay-Message': email.messageId },
      tags: [{ name: 'mainstay_message', value: email.messageId }],
    })
  },
  success: {
    status: 200,
    body: '{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}',
    providerMessageId: '49a3999c-0ce1-4ea6-ab68-afcd6dc2e794',
  },
  answers: [
    { name: 'no key', ...error(401, 'missing_api_key', 'Missing API key'), means: accountFault },
    { name: 'a wrong key', ...error(400, 'validation_error', 'API key is invalid'), means: accountFault },
    { name: 'an old key', ...error(403, 'restricted_api_key', 'API key is not active'), means: accountFault },
    {
      name: 'a domain that is not verified',
      ...error(403, 'validation_error', 'The acme.example domain is not verified.'),
      means: accountFault,
    },
    {
      name: 'a wrong address',
      ...error(422, 'validation_error', 'Invalid `to` field.'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'a wrong field',
      ...error(400, 'validation_error', 'An error was found with one or more fields.'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'the first call with the key is under way',
      ...error(409, 'concurrent_idempotent_requests', 'There is another request in progress'),
      means: { outcome: 'unknown' },
    },
    {
      name: 'the key was used with another body',
      ...error(409, 'invalid_idempotent_request', 'This idempotency key has been used'),
      means: { outcome: 'unknown' },
    },
    {
      name: 'too many requests',
      ...error(429, 'rate_limit_exceeded', 'Too many requests'),
      headers: { 'retry-after': '1' },
      means: { outcome: 'rejected_transient', retryAfterMs: 1000 },
    },
    {
      name: 'the day’s quota is used up',
      ...error(429, 'daily_quota_exceeded', 'You have exceeded your daily quota.'),
      means: accountFault,
    },
    {
      name: 'the month’s quota is used up',
      ...error(429, 'monthly_quota_exceeded', 'You have exceeded your monthly quota.'),
      means: accountFault,
    },
    {
      name: 'an error of theirs',
      ...error(500, 'application_error', 'An unexpected error occurred.'),
      means: { outcome: 'unknown' },
    },
    {
      name: 'closed for a while',
      ...error(503, 'service_unavailable', 'API is temporarily unavailable'),
      means: { outcome: 'rejected_transient' },
    },
  ],
})

describe('Resend', () => {
  test('tells of a key that may only send that it is well, over the wire as well', async () => {
    const peer = await startServicePeer()
    const options = { connectTimeoutMs: 2000, sendTimeoutMs: 2000, allowPrivate: true, connections: 1 }
    const resolveUrl = (url: string) => peer.origin + new URL(url).pathname
    const adapter = createServiceAdapter(resend, { ...options, nowMs: () => Date.now(), resolveUrl })
    const client = adapter.connect({ apiKey, webhookSecret })
    try {
      peer.act = () => error(401, 'restricted_api_key', 'This API key is restricted to only send emails')
      assert.equal((await client.verify()).ok, true)
      assert.equal(`${peer.calls[0]?.method} ${peer.calls[0]?.path}`, 'GET /domains')
      peer.act = () => error(400, 'validation_error', 'API key is invalid')
      assert.deepEqual(await client.verify(), { ok: false, detail: 'Resend answers HTTP 400.' })
    } finally {
      await client.close()
      await peer.close()
    }
  })

  test('keys that may only send are known by the answer that says so', () => {
    const answer = (status: number, name: string, message: string) => ({
      ...error(status, name, message),
      headers: {},
    })
    const restricted = answer(401, 'restricted_api_key', 'This API key is restricted to only send emails')
    assert.equal(resend.isVerified?.(restricted), true)
    assert.equal(resend.isVerified?.({ status: 200, headers: {}, body: '{}' }), true)
    const inactive = answer(403, 'restricted_api_key', 'API key is not active')
    assert.equal(resend.isVerified?.(inactive), false)
    assert.equal(resend.isVerified?.(answer(400, 'validation_error', 'API key is invalid')), false)
    assert.equal(resend.isVerified?.({ status: 502, headers: {}, body: 'Bad gateway' }), false)
  })
})

const signedMs = 1_795_390_872_000

function report(body: unknown, secret = webhookSecret): ReportRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    method: 'POST',
    url: 'https://acme.example/reports/1',
    headers: {
      'svix-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'svix-timestamp': String(signedMs / 1000),
      'svix-signature': new Webhook(secret).sign('msg_p5jXN8AQM9LWM0D4loKWxJek', new Date(signedMs), text),
    },
    body: Buffer.from(text),
    receivedMs: signedMs,
  }
}

const event = (type: string, more: object = {}) => ({
  type,
  created_at: '2026-11-22T23:41:12.126Z',
  data: {
    created_at: '2026-11-22T23:41:11.894Z',
    email_id: '56761188-7520-42d8-8898-ff6fc54ce618',
    message_id: '<111-222-333@email.example.com>',
    from: 'Acme <hello@acme.example>',
    to: ['ada@customer.example'],
    subject: 'Your order is confirmed',
    tags: { mainstay_message: 'msg_01h455vb4pex5vsknk084sn02q' },
    ...more,
  },
})

async function read(body: unknown): Promise<readonly ProviderEvent[]> {
  const reports = await resendReports.read(report(body), { webhookSecret })
  assert.ok('events' in reports, JSON.stringify(reports))
  return reports.events
}

describe('reports of Resend', () => {
  test('are believed with their signature, and say which message they are about', async () => {
    assert.deepEqual(await read(event('email.delivered')), [
      {
        eventId: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        kind: 'delivered',
        timeMs: Date.parse('2026-11-22T23:41:12.126Z'),
        messageId: 'msg_01h455vb4pex5vsknk084sn02q',
        providerMessageId: '56761188-7520-42d8-8898-ff6fc54ce618',
        address: 'ada@customer.example',
        detail: 'email.delivered',
      },
    ])
  })

  test('are read for what they mean, and what is not about delivery is left out', async () => {
    const bounce = (type: string, message: string) => ({ bounce: { type, subType: 'General', message } })
    const expected: [object, string[]][] = [
      [event('email.sent'), ['sent: email.sent']],
      [event('email.bounced', bounce('Permanent', 'No such user')), ['bounced: No such user']],
      [event('email.bounced', bounce('Transient', 'Mailbox full')), ['failed: Mailbox full']],
      [event('email.bounced', bounce('Undetermined', 'Who knows')), ['failed: Who knows']],
      [event('email.bounced'), ['failed: email.bounced']],
      [
        event('email.suppressed', {
          suppressed: { message: 'On the list', type: 'OnAccountSuppressionList' },
        }),
        ['bounced: On the list'],
      ],
      [event('email.failed', { failed: { reason: 'reached_daily_quota' } }), ['failed: reached_daily_quota']],
      [event('email.complained'), ['complained: email.complained']],
      [event('email.opened'), ['opened: email.opened']],
      [
        event('email.clicked', { click: { link: 'https://acme.example' } }),
        ['clicked: https://acme.example'],
      ],
      [event('email.delivery_delayed'), []],
      [event('email.scheduled'), []],
      [event('domain.updated'), []],
      [event('constructor'), []],
    ]
    for (const [body, meaning] of expected) {
      const events = await read(body)
      assert.deepEqual(
        events.map(({ kind, detail }) => `${kind}: ${detail}`),
        meaning,
      )
    }
  })

  test('of mail that another program sent have no message of ours', async () => {
    const [only] = await read(event('email.delivered', { tags: undefined, to: 'x' }))
    assert.equal(only?.messageId, undefined)
    assert.equal(only?.address, undefined)
  })

  test('with another body, another key, no headers or an old time are forged', async () => {
    const good = report(event('email.delivered'))
    const stranger = `whsec_${Buffer.from('another secret, 24 bytes').toString('base64')}`
    const forged: [ReportRequest, string][] = [
      [{ ...good, body: Buffer.from(JSON.stringify(event('email.bounced'))) }, webhookSecret],
      [{ ...good, headers: {} }, webhookSecret],
      [{ ...good, headers: { ...good.headers, 'svix-id': 'msg_other' } }, webhookSecret],
      [{ ...good, headers: { ...good.headers, 'svix-signature': 'v1,AAAA' } }, webhookSecret],
      [{ ...good, receivedMs: signedMs + 600_000 }, webhookSecret],
      [report(event('email.delivered'), stranger), webhookSecret],
      [good, ''],
    ]
    for (const [request, secret] of forged) {
      assert.ok('forged' in (await resendReports.read(request, { webhookSecret: secret })))
    }
  })

  test('that are signed but no event are malformed', () => {
    const { created_at: _, ...timeless } = event('email.sent')
    const bodies = [
      '',
      'null',
      '[]',
      '"x"',
      '{}',
      '{"type":1}',
      timeless,
      { ...event('email.sent'), data: [] },
    ]
    for (const body of bodies) {
      assert.throws(
        () => resendReports.read(report(body), { webhookSecret }),
        ReportMalformed,
        JSON.stringify(body),
      )
    }
  })
})

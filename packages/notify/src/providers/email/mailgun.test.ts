import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import type { HttpRequest } from '../http-sender.ts'
import { type ProviderEvent, ReportMalformed, type ReportRequest } from '../reports.ts'
import { mailgun } from './mailgun.ts'
import { mailgunReports } from './mailgun-reports.ts'

const config = {
  apiKey: '0123456789abcdef0123456789abcdef-01234567-89abcdef',
  domain: 'mail.acme.example',
  region: 'us',
  webhookKey: 'fedcba9876543210fedcba9876543210',
}

const error = (status: number, message: string) => ({ status, body: JSON.stringify({ message }) })
const accountFault = { outcome: 'rejected_transient', accountFault: true } as const

describeService({
  service: mailgun,
  config,
  checkRequest(call, email) {
    assert.equal(`${call.method} ${call.path}`, 'POST /v3/mail.acme.example/messages')
    assert.equal(
      call.headers.authorization,
      `Basic ${Buffer.from(`api:${config.apiKey}`).toString('base64')}`,
    )
    assert.equal(call.headers['content-type'], 'application/x-www-form-urlencoded')
    assert.deepEqual(Object.fromEntries(new URLSearchParams(call.body)), {
      from: 'Acme <hello@acme.example>',
      to: email.to,
      subject: email.subject,
      text: email.text,
      html: email.html,
      'h:X-Mainstay-Message': email.messageId,
      'v:mainstay_message': email.messageId,
    })
  },
  success: {
    status: 200,
    body: '{"id":"<20261122190000.1.8a0b@mail.acme.example>","message":"Queued. Thank you."}',
    providerMessageId: '20261122190000.1.8a0b@mail.acme.example',
  },
  answers: [
    { name: 'a wrong key', status: 401, body: 'Forbidden', means: accountFault },
    {
      name: 'a domain that may not send',
      ...error(403, 'Domain mail.acme.example is not allowed to send'),
      means: accountFault,
    },
    {
      name: 'a domain that is not there',
      ...error(404, 'Domain not found: mail.acme.example'),
      means: accountFault,
    },
    {
      name: 'a wrong address',
      ...error(400, 'to parameter is not a valid address. please check documentation'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'too large',
      ...error(413, 'Request Entity Too Large'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'too many requests',
      ...error(429, 'Too many requests'),
      headers: { 'retry-after': '60' },
      means: { outcome: 'rejected_transient', retryAfterMs: 60_000 },
    },
    { name: 'an error of theirs', ...error(500, 'Internal Server Error'), means: { outcome: 'unknown' } },
  ],
})

describe('Mailgun', () => {
  const context = {
    allowPrivate: false,
    nowMs: () => 0,
    call: () => Promise.reject(new Error('it calls nothing else')),
  }

  test('is reached in the region of the domain', async () => {
    const { url } = (await mailgun.request(
      aMessage('email'),
      { ...config, region: 'eu' },
      context,
    )) as HttpRequest
    assert.equal(url, 'https://api.eu.mailgun.net/v3/mail.acme.example/messages')
  })

  test('knows a key by what it lacks in a form that sends nothing', async () => {
    const request = (await mailgun.verify?.(config, context)) as HttpRequest
    assert.equal(
      `${request.method} ${request.url}`,
      'POST https://api.mailgun.net/v3/mail.acme.example/messages',
    )
    assert.equal(request.body, '')
    const answer = (status: number, body: string) => mailgun.isVerified?.({ status, headers: {}, body })
    assert.equal(answer(400, '{"message":"from parameter is missing"}'), true)
    assert.equal(answer(400, '{"message":"bad request"}'), false)
    assert.equal(answer(401, 'Forbidden'), false)
    assert.equal(answer(404, '{"message":"Domain not found: mail.acme.example"}'), false)
    assert.equal(answer(200, '{"id":"<x>","message":"Queued. Thank you."}'), false)
  })

  test('takes domains, and nothing that would lead elsewhere', () => {
    const { pattern } = mailgun.fields.domain
    for (const domain of [
      'acme.example',
      'mail.acme.co',
      'sandbox0a1b.mailgun.org',
      'xn--bcher-kva.example',
    ]) {
      assert.match(domain, pattern)
    }
    for (const domain of [
      '',
      'acme',
      '..',
      '../x.example',
      'a.example/x',
      'a.example?x',
      'a.example#',
      'a@b.example',
    ]) {
      assert.doesNotMatch(domain, pattern)
    }
  })
})

const signedMs = Date.parse('2026-11-22T21:00:00Z')
const token = 'e0b5477167110d68991efc6b9f89f0a11066af27834600e123'

function sign(timestamp: string, key = config.webhookKey): string {
  return createHmac('sha256', key)
    .update(timestamp + token)
    .digest('hex')
}

function report(data: unknown, signature: Record<string, unknown> = {}): ReportRequest {
  const timestamp = String(signedMs / 1000)
  const body = {
    signature: { token, timestamp, signature: sign(timestamp), ...signature },
    'event-data': data,
  }
  return {
    method: 'POST',
    url: 'https://acme.example/reports/1',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(body)),
    receivedMs: signedMs + 2000,
  }
}

const data = (event: string, more: object = {}) => ({
  event,
  id: 'G9Bn5sl1TC6nu79C8C0bwg',
  timestamp: 1_795_381_199.481_23,
  recipient: 'ada@customer.example',
  message: { headers: { 'message-id': '20261122190000.1.8a0b@mail.acme.example', to: 'Ada' } },
  'user-variables': { mainstay_message: 'msg_01h455vb4pex5vsknk084sn02q' },
  ...more,
})

async function read(request: ReportRequest): Promise<readonly ProviderEvent[]> {
  const reports = await mailgunReports.read(request, config)
  assert.ok('events' in reports, JSON.stringify(reports))
  return reports.events
}

describe('reports of Mailgun', () => {
  test('are believed with their signature, and say which message they are about', async () => {
    const failed = data('failed', {
      severity: 'permanent',
      reason: 'bounce',
      'delivery-status': { code: 550, message: '5.1.1 The email account does not exist', description: '' },
    })
    assert.deepEqual(await read(report(failed)), [
      {
        eventId: token,
        kind: 'bounced',
        timeMs: 1_795_381_199_481,
        messageId: 'msg_01h455vb4pex5vsknk084sn02q',
        providerMessageId: '20261122190000.1.8a0b@mail.acme.example',
        address: 'ada@customer.example',
        detail: '5.1.1 The email account does not exist',
      },
    ])
  })

  test('are read for what they mean', async () => {
    const permanent = (reason: string) => data('failed', { severity: 'permanent', reason })
    const expected: [object, string[]][] = [
      [data('accepted'), ['sent: accepted']],
      [data('delivered', { 'delivery-status': { message: 'OK', code: 250 } }), ['delivered: OK']],
      [permanent('suppress-bounce'), ['bounced: suppress-bounce']],
      [permanent('suppress-complaint'), ['complained: suppress-complaint']],
      [permanent('suppress-unsubscribe'), ['unsubscribed: suppress-unsubscribe']],
      [permanent('generic'), ['failed: generic']],
      [permanent('old'), ['failed: old']],
      [data('failed', { severity: 'temporary', reason: 'generic' }), []],
      [data('rejected', { reject: { reason: 'Sandbox' } }), ['failed: Sandbox']],
      [data('complained'), ['complained: complained']],
      [data('unsubscribed'), ['unsubscribed: unsubscribed']],
      [data('opened'), ['opened: opened']],
      [data('clicked', { url: 'https://acme.example' }), ['clicked: https://acme.example']],
      [data('stored'), []],
      [data('toString'), []],
    ]
    for (const [body, meaning] of expected) {
      const events = await read(report(body))
      assert.deepEqual(
        events.map(({ kind, detail }) => `${kind}: ${detail}`),
        meaning,
      )
    }
  })

  test('of a subaccount are believed by the signature of the account above', async () => {
    const parent = sign(String(signedMs / 1000))
    const request = report(data('opened'), { signature: 'f'.repeat(64), 'parent-signature': parent })
    assert.equal((await read(request)).length, 1)
  })

  test('are believed for as long as Mailgun repeats them, and not after that', async () => {
    const request = report(data('opened'))
    assert.equal((await read({ ...request, receivedMs: signedMs + 8 * 3_600_000 })).length, 1)
    for (const receivedMs of [signedMs + 10 * 3_600_000, signedMs - 600_000]) {
      assert.ok('forged' in (await mailgunReports.read({ ...request, receivedMs }, config)))
    }
  })

  test('of another event under a token that was seen have the id that was seen', async () => {
    const [first] = await read(report(data('delivered')))
    const [replayed] = await read(report(data('complained', { id: 'another' })))
    assert.equal(replayed?.eventId, first?.eventId)
  })

  test('with another token, another time, another key or no signature are forged', async () => {
    const timestamp = String(signedMs / 1000)
    const signatures: Record<string, unknown>[] = [
      { token: 'x' },
      { token: undefined },
      { token: [token] },
      { timestamp: String(signedMs / 1000 + 1) },
      { timestamp: undefined },
      { timestamp: 'now' },
      { timestamp: [timestamp] },
      { signature: '' },
      { signature: undefined },
      { signature: 'f'.repeat(64) },
      { signature: sign(timestamp).slice(0, -2) },
      { signature: sign(timestamp).toUpperCase() },
      { signature: [sign(timestamp)] },
      { signature: sign(timestamp, 'another key of the same kind') },
      { signature: '💥' },
    ]
    for (const signature of signatures) {
      const reports = await mailgunReports.read(report(data('opened'), signature), config)
      assert.ok('forged' in reports, JSON.stringify(signature))
    }
    for (const body of ['', 'null', '[]', '{}', '{"signature":"x"}', 'token=x&signature=y']) {
      const request = { ...report(data('opened')), body: Buffer.from(body) }
      assert.ok('forged' in (await mailgunReports.read(request, config)), body)
    }
    assert.ok('forged' in (await mailgunReports.read(report(data('opened')), { webhookKey: '' })))
  })

  test('that are signed but no event are malformed', () => {
    for (const body of [
      undefined,
      null,
      'x',
      [],
      {},
      { event: 'opened' },
      { timestamp: 1 },
      data('opened', { timestamp: '1' }),
    ]) {
      assert.throws(() => mailgunReports.read(report(body), config), ReportMalformed, JSON.stringify(body))
    }
  })
})

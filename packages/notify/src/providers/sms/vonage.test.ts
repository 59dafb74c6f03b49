import assert from 'node:assert/strict'
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { jwtVerify } from 'jose'
import { aMessage } from '../../testing/outgoing.ts'
import { describeService } from '../../testing/service-suite.ts'
import { ReportMalformed, type ReportRequest } from '../reports.ts'
import { vonageSms } from './vonage.ts'
import { vonageReports } from './vonage-reports.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const config = {
  applicationId: 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab',
  privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  signatureSecret: 'a signature secret of the account',
  region: 'eu',
}
const uuid = 'bbbbbbbb-cccc-dddd-eeee-0123456789ab'
const problem = (status: number, code: string, title: string, detail = '') => ({
  status,
  body: JSON.stringify({
    type: `https://developer.vonage.com/api-errors${code}`,
    title,
    detail,
    instance: 'bf0ca0bf927b3b52e3cb03217e1a1ddf',
  }),
})

describeService({
  service: vonageSms,
  config,
  message: { reportUrl: 'https://acme.example/reports/1' },
  checkRequest(call, message) {
    assert.equal(`${call.method} ${call.path}`, 'POST /v1/messages')
    assert.match(call.headers.authorization ?? '', /^Bearer [\w-]+\.[\w-]+\.[\w-]+$/)
    assert.deepEqual(JSON.parse(call.body), {
      channel: 'sms',
      message_type: 'text',
      to: '491701234567',
      from: '14155550100',
      text: message.text,
      client_ref: message.messageId,
      ttl: 3600,
      webhook_url: 'https://acme.example/reports/1',
      webhook_version: 'v1',
    })
  },
  success: { status: 202, body: JSON.stringify({ message_uuid: uuid }), providerMessageId: uuid },
  answers: [
    {
      name: 'wrong credentials',
      ...problem(401, '#unauthorized', 'Unauthorized', 'You did not provide correct credentials.'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'no credit',
      ...problem(402, '#low-balance', 'Low balance'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'no number',
      ...problem(422, '/messages#1430', 'Invalid recipient', 'The `to` parameter is invalid.'),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'a sender that is not ours',
      ...problem(422, '/messages#1420', 'Invalid sender', 'The `from` parameter is invalid.'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'a sender that a country forbids',
      ...problem(422, '/messages#1120', '1120', 'Illegal Sender Address'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'invalid parameters',
      ...problem(422, '/messages#1150', 'Invalid params'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'throttled, told by its title',
      status: 422,
      body: JSON.stringify({ title: 1000, detail: 'Throttled' }),
      means: { outcome: 'rejected_transient' },
    },
    {
      name: 'too many requests',
      ...problem(429, '#throttled', 'Rate Limit Hit'),
      headers: { 'retry-after': '1' },
      means: { outcome: 'rejected_transient', retryAfterMs: 1000 },
    },
    {
      name: 'an error of theirs',
      ...problem(500, '/messages#1030', 'Internal error'),
      means: { outcome: 'unknown' },
    },
  ],
})

describe('Vonage (SMS)', () => {
  const context = {
    nowMs: () => 1_700_000_000_000,
    allowPrivate: false,
    call: () => assert.fail('not needed'),
  }

  test('signs in with a token of its application’s key, good for 15 minutes', async () => {
    const request = await vonageSms.request(aMessage('sms'), config, context)
    assert.ok('url' in request)
    assert.equal(request.url, 'https://api-eu.nexmo.com/v1/messages')
    const token = request.headers.authorization?.slice('Bearer '.length) ?? ''
    const { payload } = await jwtVerify(token, publicKey, { currentDate: new Date(1_700_000_000_000) })
    assert.partialDeepStrictEqual(payload, {
      application_id: config.applicationId,
      iat: 1_700_000_000,
      exp: 1_700_000_900,
    })
    assert.equal(typeof payload.jti, 'string')
  })

  test('keeps to what Vonage takes as a lifetime', async () => {
    const ttl = async (ttlMs: number) => {
      const request = await vonageSms.request(aMessage('sms', { ttlMs, from: 'Acme' }), config, context)
      assert.ok('body' in request)
      return JSON.parse(String(request.body)).ttl
    }
    assert.equal(await ttl(1000), 20)
    assert.equal(await ttl(7 * 86_400_000), undefined)
  })
})

describe('reports of Vonage (SMS)', () => {
  const nowMs = 1_760_000_000_000
  const messageId = 'msg_01h455vb4pex5vsknk084sn02q'
  const status = (more: object = {}) => ({
    message_uuid: uuid,
    to: '491701234567',
    from: '14155550100',
    timestamp: '2025-10-09T08:53:20Z',
    status: 'delivered',
    client_ref: messageId,
    channel: 'sms',
    ...more,
  })
  const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  function makeToken(
    claims: object,
    secret = config.signatureSecret,
    header: object = { alg: 'HS256' },
  ): string {
    const signed = `${base64url(header)}.${base64url(claims)}`
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
  }

  const claimsOf = (body: string) => ({
    iat: nowMs / 1000 - 5,
    jti: 'c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5',
    iss: 'Vonage',
    payload_hash: createHash('sha256').update(body).digest('hex'),
    api_key: 'a1b2c3d',
    application_id: config.applicationId,
  })

  function report(body: string, token = makeToken(claimsOf(body))): ReportRequest {
    return {
      method: 'POST',
      url: 'https://acme.example/reports/1',
      headers: { authorization: `Bearer ${token}` },
      body: Buffer.from(body),
      receivedMs: nowMs,
    }
  }

  const good = JSON.stringify(status())

  test('name our message, and mean what they say', async () => {
    assert.deepEqual(await vonageReports.read(report(good), config), {
      events: [
        {
          eventId: `${uuid}:delivered`,
          kind: 'delivered',
          timeMs: Date.parse('2025-10-09T08:53:20Z'),
          messageId,
          providerMessageId: uuid,
          address: '+491701234567',
          detail: 'delivered',
        },
      ],
    })
    const error = (code: number, detail: string) => ({
      error: { type: `https://developer.vonage.com/api-errors/messages#${code}`, title: code, detail },
    })
    const states: [object, string[]][] = [
      [{ status: 'submitted' }, ['sent: submitted']],
      [{ status: 'read' }, ['read: read']],
      [{ status: 'rejected', ...error(1260, 'Unreachable') }, ['failed: rejected 1260 Unreachable']],
      [{ status: 'rejected', ...error(1170, 'Invalid MSISDN') }, ['bounced: rejected 1170 Invalid MSISDN']],
      [{ status: 'undeliverable' }, ['failed: undeliverable']],
      [{ status: 'constructor' }, []],
    ]
    for (const [more, expected] of states) {
      const reports = await vonageReports.read(report(JSON.stringify(status(more))), config)
      assert.ok('events' in reports)
      assert.deepEqual(
        reports.events.map(({ kind, detail }) => `${kind}: ${detail}`),
        expected,
      )
    }
  })

  test('with another body, key, issuer, algorithm or time are forged', async () => {
    const { payload_hash: _, ...noHash } = claimsOf(good)
    const token = makeToken(claimsOf(good))
    const unsigned = `${base64url({ alg: 'none' })}.${base64url(claimsOf(good))}.`
    const tokens: Record<string, string> = {
      'another secret': makeToken(claimsOf(good), 'another secret'),
      'no hash of the body': makeToken(noHash),
      'a hash that is no text': makeToken({ ...claimsOf(good), payload_hash: 7 }),
      'another issuer': makeToken({ ...claimsOf(good), iss: 'Somebody' }),
      'too old': makeToken({ ...claimsOf(good), iat: nowMs / 1000 - 90_000 }),
      'from the future': makeToken({ ...claimsOf(good), iat: nowMs / 1000 + 3600 }),
      'no time': makeToken({ ...claimsOf(good), iat: undefined }),
      'over its time': makeToken({ ...claimsOf(good), exp: nowMs / 1000 - 3600 }),
      'another algorithm': makeToken(claimsOf(good), config.signatureSecret, { alg: 'HS512' }),
      'an algorithm of keys': makeToken(claimsOf(good), config.signatureSecret, { alg: 'RS256' }),
      'no algorithm': unsigned,
      'cut off': token.slice(0, -3),
      garbage: 'a.b.c',
      nothing: '',
    }
    for (const [name, forged] of Object.entries(tokens)) {
      assert.ok('forged' in (await vonageReports.read(report(good, forged), config)), name)
    }
    const otherBody = { ...report(good), body: Buffer.from(good.replace('delivered', 'rejected')) }
    assert.ok('forged' in (await vonageReports.read(otherBody, config)))
    assert.ok('forged' in (await vonageReports.read({ ...report(good), headers: {} }, config)))
    assert.ok('forged' in (await vonageReports.read(report(good), { signatureSecret: '' })))
    assert.ok('forged' in (await vonageReports.read(report('', makeToken(noHash)), config)))
  })

  test('that are signed but not in the documented form are malformed', async () => {
    const bodies = [
      '{',
      '[]',
      'null',
      '{}',
      JSON.stringify(status({ timestamp: 'x' })),
      JSON.stringify(status({ status: 1 })),
    ]
    for (const body of bodies)
      await assert.rejects(async () => vonageReports.read(report(body), config), ReportMalformed)
  })
})

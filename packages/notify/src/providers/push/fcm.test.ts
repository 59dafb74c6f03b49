import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { jwtVerify } from 'jose'
import { aMessage } from '../../testing/outgoing.ts'
import { type PeerAnswer, type PeerCall, startServicePeer } from '../../testing/service-peer.ts'
import { describeService } from '../../testing/service-suite.ts'
import { createServiceAdapter } from '../service.ts'
import { fcm } from './fcm.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const keyFile = (more: object = {}): string =>
  JSON.stringify({
    type: 'service_account',
    project_id: 'acme-app',
    private_key_id: 'key-1',
    private_key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    client_email: 'push@acme-app.iam.gserviceaccount.com',
    token_uri: 'https://thief.example/token',
    ...more,
  })

const isTokenCall = (call: PeerCall): boolean => call.path === '/token'
const aToken: PeerAnswer = {
  status: 200,
  body: JSON.stringify({ access_token: 'ya29.access', expires_in: 3599, token_type: 'Bearer' }),
}
const error = (code: number, status: string, errorCode?: string, message = 'Refused.', more: object[] = []) =>
  JSON.stringify({
    error: {
      code,
      message,
      status,
      details: [
        ...(errorCode === undefined
          ? []
          : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }]),
        ...more,
      ],
    },
  })

describeService({
  service: fcm,
  config: { serviceAccount: keyFile() },
  before: (call) => (isTokenCall(call) ? aToken : undefined),
  message: { imageUrl: 'https://acme.example/parcel.png' },
  checkRequest(call, push) {
    assert.equal(`${call.method} ${call.path}`, 'POST /v1/projects/acme-app/messages:send')
    assert.equal(call.headers.authorization, 'Bearer ya29.access')
    const { message } = JSON.parse(call.body)
    const expiration = Number(message.apns.headers['apns-expiration'])
    assert.ok(Math.abs(expiration - Date.now() / 1000 - 3600) < 60)
    assert.deepEqual(message, {
      token: push.to,
      notification: { title: push.title, body: push.body, image: 'https://acme.example/parcel.png' },
      data: { orderId: '1234', mainstay_message: push.messageId, mainstay_action_url: push.actionUrl },
      android: { ttl: '3600s', priority: 'HIGH', collapse_key: 'order-1234' },
      apns: {
        headers: {
          'apns-priority': '10',
          'apns-expiration': String(expiration),
          'apns-collapse-id': 'order-1234',
        },
        payload: { aps: { sound: 'default', 'mutable-content': 1 } },
      },
      webpush: {
        headers: { TTL: '3600', Urgency: 'high', Topic: 'order-1234' },
        fcm_options: { link: push.actionUrl },
      },
    })
  },
  success: {
    status: 200,
    body: JSON.stringify({ name: 'projects/acme-app/messages/0:1500415314455276%31bd1c9631bd1c96' }),
    providerMessageId: 'projects/acme-app/messages/0:1500415314455276%31bd1c9631bd1c96',
  },
  answers: [
    {
      name: 'a device that is gone',
      status: 404,
      body: error(404, 'NOT_FOUND', 'UNREGISTERED', 'Requested entity was not found.'),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'what never was a token',
      status: 400,
      body: error(
        400,
        'INVALID_ARGUMENT',
        'INVALID_ARGUMENT',
        'The registration token is not a valid FCM registration token',
      ),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'a token that the violations name',
      status: 400,
      body: error(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'Request contains an invalid argument.', [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [{ field: 'message.token', description: 'Invalid registration token' }],
        },
      ]),
      means: { outcome: 'rejected_permanent', addressFault: true },
    },
    {
      name: 'another project’s device',
      status: 403,
      body: error(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH', 'SenderId mismatch'),
      means: { outcome: 'rejected_permanent' },
    },
    {
      name: 'no keys for APNs',
      status: 401,
      body: error(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'a token of no right',
      status: 401,
      body: error(401, 'UNAUTHENTICATED'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'the API is switched off',
      status: 403,
      body: error(403, 'PERMISSION_DENIED'),
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'no such project',
      status: 404,
      body: '<!DOCTYPE html>',
      means: { outcome: 'rejected_transient', accountFault: true },
    },
    {
      name: 'too many',
      status: 429,
      headers: { 'retry-after': '7' },
      body: error(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'),
      means: { outcome: 'rejected_transient', retryAfterMs: 7000 },
    },
    {
      name: 'too many, for as long as documented',
      status: 429,
      body: error(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'),
      means: { outcome: 'rejected_transient', retryAfterMs: 60_000 },
    },
    {
      name: 'overloaded',
      status: 503,
      headers: { 'retry-after': '10' },
      body: error(503, 'UNAVAILABLE', 'UNAVAILABLE'),
      means: { outcome: 'rejected_transient', retryAfterMs: 10_000 },
    },
    {
      name: 'an error of theirs',
      status: 500,
      body: error(500, 'INTERNAL', 'INTERNAL'),
      means: { outcome: 'unknown' },
    },
    { name: 'a gateway’s error', status: 502, body: '<!DOCTYPE html>', means: { outcome: 'unknown' } },
  ],
})

describe('an account of FCM', () => {
  const cleanups: (() => Promise<unknown>)[] = []
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup()
  })
  const patient = new AbortController().signal

  async function anAccount(serviceAccount = keyFile()) {
    const peer = await startServicePeer()
    const clock = { nowMs: Date.now() }
    const client = createServiceAdapter(fcm, {
      connectTimeoutMs: 2000,
      sendTimeoutMs: 2000,
      allowPrivate: true,
      connections: 8,
      nowMs: () => clock.nowMs,
      resolveUrl: (url) => peer.origin + new URL(url).pathname,
    }).connect({ serviceAccount })
    cleanups.push(
      () => peer.close(),
      () => client.close(),
    )
    peer.act = (call) =>
      isTokenCall(call) ? aToken : { status: 200, body: '{"name":"projects/a/messages/1"}' }
    return { peer, client, clock, tokenCalls: () => peer.calls.filter(isTokenCall) }
  }

  test('signs in once for many sends, as Google documents, and again before the token ends', async () => {
    const { client, clock, tokenCalls } = await anAccount()
    const results = await Promise.all(
      Array.from({ length: 20 }, () => client.send(aMessage('push'), patient)),
    )
    assert.ok(results.every(({ outcome }) => outcome === 'accepted'))
    assert.equal(tokenCalls().length, 1)
    const form = new URLSearchParams(tokenCalls()[0]?.body)
    assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    const { payload, protectedHeader } = await jwtVerify(form.get('assertion') ?? '', publicKey, {
      audience: 'https://oauth2.googleapis.com/token',
      issuer: 'push@acme-app.iam.gserviceaccount.com',
    })
    assert.deepEqual(protectedHeader, { alg: 'RS256', typ: 'JWT', kid: 'key-1' })
    assert.equal(payload.scope, 'https://www.googleapis.com/auth/firebase.messaging')
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 3600)

    clock.nowMs += (3599 - 301) * 1000
    await client.send(aMessage('push'), patient)
    assert.equal(tokenCalls().length, 1)
    clock.nowMs += 2000
    await client.send(aMessage('push'), patient)
    assert.equal(tokenCalls().length, 2)
  })

  test('that cannot sign in sends nothing, and asks again the next time', async () => {
    const { client, peer } = await anAccount()
    const wrong = '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}'
    const answers: [PeerAnswer | 'silent', object, boolean][] = [
      [{ status: 400, body: wrong }, { outcome: 'rejected_transient', accountFault: true }, true],
      [{ status: 503 }, { outcome: 'rejected_transient' }, false],
      [
        { status: 429, headers: { 'retry-after': '3' } },
        { outcome: 'rejected_transient', retryAfterMs: 3000 },
        false,
      ],
      [{ status: 200, body: '{}' }, { outcome: 'rejected_transient' }, false],
    ]
    for (const [answer, means, isFault] of answers) {
      peer.act = (call) => (isTokenCall(call) ? answer : { status: 500 })
      const result = await client.send(aMessage('push'), patient)
      assert.partialDeepStrictEqual(result, means)
      assert.equal('accountFault' in result, isFault, JSON.stringify(answer))
    }
    assert.ok(peer.calls.every(isTokenCall))
    assert.equal(peer.calls.length, answers.length)
    peer.act = (_, socket) => {
      socket.destroy()
      return 'silent'
    }
    assert.equal((await client.send(aMessage('push'), patient)).outcome, 'rejected_transient')
  })

  test('with a file that is no service account is at fault', async () => {
    for (const file of [
      '{"private_key":1}',
      keyFile({ project_id: '../x' }),
      keyFile({ private_key: 'x' }),
    ]) {
      const { client, peer } = await anAccount(file)
      const result = await client.send(aMessage('push'), patient)
      assert.partialDeepStrictEqual(result, { outcome: 'rejected_transient', accountFault: true })
      assert.equal((await client.verify()).ok, false)
      assert.equal(peer.calls.length, 0)
    }
  })

  test('is verified by a message that FCM only checks', async () => {
    const { client, peer } = await anAccount()
    assert.equal((await client.verify()).ok, true)
    assert.equal(JSON.parse(peer.calls.at(-1)?.body ?? '').validate_only, true)
  })

  test('sends no names that FCM keeps for itself, and no collapse key where there is none', async () => {
    const { client, peer } = await anAccount()
    for (const name of ['from', 'message_type', 'google.a', 'gcm.notification.title']) {
      const result = await client.send(aMessage('push', { data: { [name]: '1' } }), patient)
      assert.equal(result.outcome, 'rejected_permanent', name)
    }
    assert.equal((await client.send(aMessage('push', { to: '' }), patient)).outcome, 'rejected_permanent')
    assert.equal(peer.calls.length, 0)
    const plain = { collapseKey: '', actionUrl: 'acme://orders/1', class: 'bulk', ttlMs: 900 } as const
    await client.send(aMessage('push', plain), patient)
    const { message } = JSON.parse(peer.calls.at(-1)?.body ?? '')
    assert.deepEqual(
      [message.android, message.apns, message.webpush],
      [
        { ttl: '0s', priority: 'NORMAL' },
        { headers: { 'apns-priority': '5', 'apns-expiration': '0' } },
        { headers: { TTL: '0', Urgency: 'normal' } },
      ],
    )
    assert.equal(message.data.mainstay_action_url, 'acme://orders/1')
    assert.equal('image' in message.notification, false)
  })
})
